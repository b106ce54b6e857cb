"""The Mico dialect: campaigns, schedules and their outbound calls, below /api/v1, with OAuth tokens."""
