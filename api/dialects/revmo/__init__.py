"""The Revmo dialect: single calls by `makecall`, and outbound jobs."""
