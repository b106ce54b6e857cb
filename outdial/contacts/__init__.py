"""Contacts: who they are, whether they agreed to be called, and how they are forgotten."""
