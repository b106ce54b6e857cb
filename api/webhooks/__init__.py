"""Webhook endpoints, their deliveries, and the account's own signing secret."""
