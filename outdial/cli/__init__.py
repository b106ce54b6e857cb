"""The command line: `outdial up`, `outdial demo`, and the administration of accounts and keys."""

from outdial.cli.main import app

__all__ = ["app"]
