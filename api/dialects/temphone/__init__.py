"""The TemPhone dialect: scheduled calls to contacts, each answer in an envelope of status, message and data."""
