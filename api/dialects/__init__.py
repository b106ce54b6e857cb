"""Dialects: the published words of others for what the native API does; thin translations at the edge."""
