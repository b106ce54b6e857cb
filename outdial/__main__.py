"""`python -m outdial` is the command `outdial`."""

from outdial.cli import app

app()
