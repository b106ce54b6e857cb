"""Outdial as it is deployed: its connections, its containers, stopping it, and replacing it by its next version."""
