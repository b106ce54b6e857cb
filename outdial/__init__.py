"""The domain of outbound calling: what a call is, when it may be dialled, who talks, what came of it."""
