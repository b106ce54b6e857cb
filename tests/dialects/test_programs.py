"""The client programs of the published documents, run as they were printed: real processes, the real server.

Only host, key, ids and dates are put in.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import javascript
from tests.api.serving import Api
from tests.dialects.test_makecall import an_agent_with_tasks, calls
from tests.dialects.test_temphone import a_contact, in_an_hour

PROGRAMS = Path(__file__).parent / "programs"
HOST = "https://api.example-ai.com"


@pytest.fixture(scope="session")
def packages() -> None:
    """axios and TypeScript, installed if they are not yet."""
    try:
        javascript.install()
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"packages for JavaScript can't be installed here: {error}")


def written(name: str, folder: Path, api: Api, **values: str) -> Path:
    """The program as a file in the folder, with these texts in the place of the printed ones."""
    text = (PROGRAMS / f"{name}.txt").read_text()
    key = str(api.client.headers["Authorization"]).removeprefix("Bearer ")
    printed = {HOST: api.url, "sk_test_51_fakeapikey123456": key, "YOUR_API_KEY": key, **values}
    for before, after in printed.items():
        text = text.replace(before, after)
    program = folder / name
    program.write_text(text)
    return program


def scheduled_by(program: Path) -> str:
    """What the program prints, without the line's end."""
    return javascript.run(javascript.node(), str(program), folder=program.parent).strip()


def test_the_python_program_places_a_call(lite: Api, tmp_path: Path) -> None:
    """`requests` posts to /v1/makecall/ and is answered; the call has the task and the metadata."""
    program = written("makecall.py", tmp_path, lite, YOUR_AGENT_ID=an_agent_with_tasks(lite))
    javascript.run(sys.executable, str(program), env={"NO_PROXY": "*"})
    [call] = calls(lite)
    assert (call.number, call.trigger) == ("+1234567890", "sales_followup")
    assert call.client_metadata == {"customer_name": "John Doe", "account_type": "premium"}


def test_the_javascript_program_schedules_a_call(lite: Api, tmp_path: Path) -> None:
    """`fetch` posts, and the program prints the call's id out of the envelope."""
    dates = {"ctc_12kd88": a_contact(lite)["id"], "2026-03-15T15:00:00Z": in_an_hour()}
    printed = scheduled_by(written("schedule.mjs", tmp_path, lite, **dates))
    assert printed == calls(lite)[0].id
    assert printed.startswith("call_")


@pytest.mark.usefixtures("packages")
def test_the_typescript_program_schedules_a_call(lite: Api, tmp_path: Path) -> None:
    """axios posts; the program compiles under strict types, and prints the status."""
    dates = {"ctc_12kd88": a_contact(lite)["id"], "2026-03-15T15:00:00Z": in_an_hour()}
    javascript.link_packages(tmp_path)
    program = javascript.compiled(written("schedule.mts", tmp_path, lite, **dates))
    assert scheduled_by(program) == "scheduled"
    assert (
        calls(lite)[0].initial_message
        == "Hi {{first_name}}, this is your AI assistant with an important reminder."
    )
