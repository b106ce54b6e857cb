"""Runs the emulator: `python -m twilio_emulator --port 8010`."""

from typing import Annotated

import typer
import uvicorn

from twilio_emulator.emulator import Emulator
from twilio_emulator.rest import create_app

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "0" * 32
NUMBER = "+15005550006"


def main(
    port: Annotated[int, typer.Option(help="Where to listen, on this machine only.")] = 8010,
    account_sid: Annotated[str, typer.Option(help="The account there is.")] = ACCOUNT_SID,
    auth_token: Annotated[str, typer.Option(help="Its token.")] = AUTH_TOKEN,
    number: Annotated[str, typer.Option(help="A number of the account.")] = NUMBER,
    speed: Annotated[float, typer.Option(help="How much faster than life people are.")] = 1.0,
) -> None:
    """Stand in for Twilio: its API, its callbacks, its conversations, with people as the simulated carrier has."""
    emulator = Emulator(account_sid, auth_token, (number,), speed)
    uvicorn.run(create_app(emulator), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
