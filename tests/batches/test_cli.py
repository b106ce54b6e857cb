"""`outdial batch …` against the served API."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from outdial.cli import app
from outdial.cli.batch_screen import lines_below, show_until_ended
from tests.api.serving import Api

PEOPLE = "Mobile,customer_name,CRM id\n+12025550123,Ada,7\n+12025550124,Bob,8\nnonsense,Eve,9\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    return file


def run(api: Api, *arguments: str) -> Result:
    key = api.client.headers["authorization"].removeprefix("Bearer ")
    return CliRunner().invoke(app, ["batch", *arguments, "--url", api.url, "--key", key])


def create(api: Api, people: Path, *options: str) -> Result:
    given = ("--agent", api.agent.id, "--map", "customer_name=first_name", "--json")
    return run(api, "create", str(people), *given, *options)


def test_a_file_is_called(enterprise: Api, people: Path) -> None:
    """Columns are guessed or mapped; refused rows are told on standard error."""
    came = create(enterprise, people, "--name", "April", "--concurrency", "2")
    assert came.exit_code == 0, came.output
    shown = json.loads(came.stdout)[0]
    assert (shown["name"], shown["total"]) == ("April", 2)
    assert "line 4: nonsense: Expected" in came.stderr
    calls = enterprise.client.get(f"/v1/calls/batch/{shown['id']}/calls").json()["data"]
    assert {call["variables"]["first_name"] for call in calls} == {"Ada", "Bob"}


def test_hours_and_retries_are_given(enterprise: Api, people: Path) -> None:
    """As the API shows them, in its own units."""
    hours = "--hours 09:00-18:00 --days mon,Tue --timezone Asia/Tokyo --until 2031-01-01T00:00:00Z"
    retries = "--retry-after 15 --retry-after 60"
    came = create(enterprise, people, *hours.split(), *retries.split())
    assert came.exit_code == 0, came.output
    made = enterprise.client.get(f"/v1/calls/batch/{json.loads(came.stdout)[0]['id']}").json()
    window = {"start": "09:00:00", "end": "18:00:00", "days": ["mon", "tue"], "timezone": "Asia/Tokyo"}
    assert (made["window"], made["retry"]["intervals"]) == (window, [900, 3600])
    assert made["ends_at"] == "2031-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--hours", "nine to five"), "window.start"),
        (("--hours", "09:00"), "window.end"),
        (("--days", "mon"), "--hours"),
        (("--hours", "09:00-18:00", "--days", "monday"), "window.days"),
        (("--retry-after", "-1"), "retry.intervals"),
    ],
)
def test_hours_that_are_none_are_refused(
    enterprise: Api, people: Path, given: tuple[str, ...], told: str
) -> None:
    """With the field's name."""
    came = create(enterprise, people, *given)
    assert (came.exit_code, told in came.stderr) == (1, True), came.stderr


def test_a_check_calls_nobody(enterprise: Api, people: Path) -> None:
    """It lists what is wrong by line and leaves with 1 where anything is."""
    came = create(enterprise, people, "--check")
    assert came.exit_code == 1
    assert [(error["line"], error["code"]) for error in json.loads(came.stdout)] == [(4, "invalid")]
    assert enterprise.client.get("/v1/calls/batch").json()["data"] == []


def test_a_check_of_a_good_file_says_so(enterprise: Api, tmp_path: Path) -> None:
    """How many rows there are, none of them with an error."""
    good = tmp_path / "good.csv"
    good.write_text("phone,customer_name\n+12025550123,Ada\n+12025550124,Bob\n")
    came = create(enterprise, good, "--check")
    assert (came.exit_code, "2 rows, none with an error" in came.stderr) == (0, True)


def test_the_apis_refusal_is_told_in_its_words(enterprise: Api, people: Path) -> None:
    """With the rows at fault, and exit code 1."""
    came = create(enterprise, people, "--strict")
    assert came.exit_code == 1
    assert "line 4.phone" in came.stderr
    unmapped = run(enterprise, "create", str(people), "--agent", enterprise.agent.id, "--map", "nonsense")
    assert "column=variable" in unmapped.stderr


def test_a_batch_is_steered(enterprise: Api, people: Path) -> None:
    """Pause, resume and cancel ask the API."""
    batch = json.loads(create(enterprise, people).stdout)[0]["id"]
    assert run(enterprise, "pause", batch).exit_code == 0
    assert run(enterprise, "resume", batch).exit_code == 0
    assert run(enterprise, "cancel", batch, "--graceful").exit_code == 0
    assert enterprise.gateway.named("cancel_batch") == [(batch, True)]
    assert batch in run(enterprise, "list").stdout


def test_a_report_is_downloaded(enterprise: Api, people: Path, tmp_path: Path) -> None:
    """As CSV or as a workbook, by the file's name."""
    batch = json.loads(create(enterprise, people).stdout)[0]["id"]
    for name, begins in (("r.csv", b"row,"), ("r.xlsx", b"PK")):
        assert run(enterprise, "report", batch, "-o", str(tmp_path / name)).exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert run(enterprise, "report", batch, "-o", "r.pdf").exit_code == 1


def test_watching_ends_with_the_batch() -> None:
    """It looks again until the batch has ended."""
    seen: list[dict[str, Any]] = [a_batch(completed=1), a_batch(completed=2, ended_at="2026-01-01T00:00:00Z")]
    show_until_ended(lambda: seen.pop(0), every=0)
    assert seen == []


def test_rate_and_outcomes_are_shown() -> None:
    """What a person wants to know while it runs."""
    said = lines_below(a_batch(completed=2, outcomes={"BOOKED": 2}, calls_per_minute=30.0, answer_rate=0.5))
    assert said == [
        "pending 0, in progress 0, completed 2, failed 0, canceled 0",
        "30 calls a minute, answered 50%",
        "BOOKED 2",
    ]


def a_batch(**given: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("pending", "in_progress", "completed", "failed", "canceled"), 0)
    shown: dict[str, Any] = {
        "name": "April",
        "status": "running",
        "total": 2,
        "outcomes": {},
        "ended_at": None,
    }
    return {
        **shown,
        **counts,
        "calls_per_minute": None,
        "answer_rate": None,
        "estimated_end_at": None,
        **given,
    }
