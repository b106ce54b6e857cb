"""Campaigns and their schedules: when which people are called, and what came of it."""
