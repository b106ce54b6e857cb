"""Twilio's callbacks, its questions about what to do on a line, and the sockets of its conversations."""
