"""Batches: taken in row by row, pumped, watched, reported."""
