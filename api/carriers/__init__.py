"""Where carriers call back."""
