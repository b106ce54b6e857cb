"""OAuth 2.0 client credentials: programs of an account, and the short-lived tokens that they work with."""
