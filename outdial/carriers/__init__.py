"""Carriers: who dials."""
