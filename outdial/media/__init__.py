"""Recordings: where they are kept, how they get there, and for how long."""
