"""The way to Temporal: connecting, encrypting, starting and signalling, and what the server must be set up with."""
