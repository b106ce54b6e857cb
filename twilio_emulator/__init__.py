"""Twilio's side of the telephone, on this machine: written to its published behaviour, rings nobody."""
