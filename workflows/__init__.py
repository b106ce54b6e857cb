"""Durable orchestration, deterministic and nothing else."""
