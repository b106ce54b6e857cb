"""The HTTP facade: what the outside world may ask, and how it is answered."""
