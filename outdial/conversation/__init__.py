"""The talk itself, turn by turn, whatever carries the voices."""
