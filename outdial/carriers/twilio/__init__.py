"""Twilio: real phones."""
