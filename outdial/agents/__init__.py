"""Who talks for us: a small protocol, a scripted agent and any model by name."""
