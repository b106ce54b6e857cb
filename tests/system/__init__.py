"""Outdial as real processes, killed where it hurts."""
