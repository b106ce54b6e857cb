"""Who dials in the demo: the simulated carrier, or a Twilio that runs on this machine beside it."""

import os
import sys
from typing import Final

from outdial.cli.ports import any_free
from outdial.cli.service import Program
from outdial.errors import Invalid
from outdial.settings import Settings

SIMULATED: Final = "simulated"
EMULATOR: Final = "twilio-emulator"
GRACE: Final = 5
# What the emulator is started with, and Outdial dials with.
_SID, _TOKEN = "AC" + "0" * 32, "0" * 32


def beside(carrier: str, speed: float) -> list[Program]:
    """What runs beside Outdial for this carrier; its settings go into the environment. Raises Invalid."""
    if carrier == SIMULATED:
        os.environ["OUTDIAL_CARRIER"] = SIMULATED
        return []
    if carrier != EMULATOR:
        expected = f"{SIMULATED} or {EMULATOR}"
        raise Invalid(f"The demo's people live nowhere but at these carriers: {expected}.", field="carrier")
    port = any_free()
    os.environ.update(
        OUTDIAL_CARRIER="twilio",
        OUTDIAL_TWILIO_ACCOUNT_SID=_SID,
        OUTDIAL_TWILIO_AUTH_TOKEN=_TOKEN,
        OUTDIAL_TWILIO_API_URL=f"http://127.0.0.1:{port}",
        OUTDIAL_PUBLIC_URL=f"http://127.0.0.1:{Settings().api_port}",
        OUTDIAL_CALLS_PER_SECOND="5",
    )
    command = [sys.executable, "-m", "twilio_emulator", "--port", str(port), "--speed", str(speed)]
    command += ["--account-sid", _SID, "--auth-token", _TOKEN, "--number", Settings().default_caller_id]
    return [Program("twilio", command, GRACE, quiet=True)]
