"""`outdial demo`: a handful of simulated people with different fates are called, live in the terminal."""
