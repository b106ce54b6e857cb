"""Notifications: text messages tied to calls, by the policy of their schedule."""
