"""Side effects: admission and dialling, conversations, records, webhooks, upkeep."""
