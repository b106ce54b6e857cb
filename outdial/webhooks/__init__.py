"""Webhooks: which events there are, whom they are owed to, how they are signed, sent and tried again."""
