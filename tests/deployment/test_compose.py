"""`docker-compose.yml` and `Dockerfile`: what the Compose specification asks for, and what we promise of them."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from outdial.settings import Settings
from tests.deployment.composed import EXAMPLE, composition, example, image
from tests.system.processes import ROOT

FILLED = {"POSTGRES_PASSWORD": "sesame", "OUTDIAL_SECRET_KEYS": "a key", "OUTDIAL_API_KEY": "another key"}
VALUES = example(**FILLED)
SERVICES: dict[str, dict[str, Any]] = composition(VALUES)["services"]
OURS = ("setup", "api", "worker")
ONCE = ("setup", "temporal-schema")
LASTING = [name for name in SERVICES if name not in ONCE]


def test_the_compose_file_is_as_the_specification_wants_it() -> None:
    """Every key and every value of it."""
    parsed = PyCompose.from_yaml(yaml.safe_dump(composition(VALUES)))
    assert set(parsed.service_names()) == set(SERVICES)


def test_a_mistake_in_it_would_be_noticed() -> None:
    """The check above is not blind."""
    wrong = composition(VALUES)
    wrong["services"]["api"]["restart"] = "sometimes"
    with pytest.raises(ValueError, match="sometimes"):
        PyCompose.from_yaml(yaml.safe_dump(wrong))


@pytest.mark.parametrize("name", FILLED)
def test_nothing_starts_before_its_secrets_are_set(name: str) -> None:
    """None has a value that everybody knows."""
    with pytest.raises(LookupError, match=name):
        composition(example(**{**FILLED, name: ""}))


def test_every_setting_of_the_env_file_is_one_of_ours() -> None:
    """Those that are commented out, too: a name that changed is noticed."""
    named = set(re.findall(r"^#?(OUTDIAL_\w+)=", EXAMPLE.read_text(), re.MULTILINE))
    for service in SERVICES.values():
        named |= {name for name in service.get("environment", {}) if name.startswith("OUTDIAL_")}
    named |= {name for name in image().environment if name.startswith("OUTDIAL_")}
    assert named - {f"OUTDIAL_{name.upper()}" for name in Settings.model_fields} == set()


def test_the_env_file_as_it_is_makes_settings() -> None:
    """With what is to be filled in; nothing in it is of the wrong type."""
    given = {
        name.removeprefix("OUTDIAL_").lower(): value for name, value in VALUES.items() if "OUTDIAL_" in name
    }
    assert Settings.model_validate(given).drain > 0


@pytest.mark.parametrize("name", SERVICES)
def test_versions_are_pinned(name: str) -> None:
    """What runs tomorrow is what ran today; ours is built here."""
    tag = SERVICES[name]["image"].partition(":")[2]
    assert name in OURS or re.match(r"\d+\.\d+", tag), tag


@pytest.mark.parametrize("name", SERVICES)
def test_every_part_can_be_run_several_times(name: str) -> None:
    """No name of its own; and only the proxy has a port of this machine."""
    assert "container_name" not in SERVICES[name]
    assert name == "proxy" or "ports" not in SERVICES[name]


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_watched_and_started_again(name: str) -> None:
    """A health check, of its own or of the image, and a policy."""
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "healthcheck" in SERVICES[name] or (name == "api" and image().healthcheck)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_what_drains_is_given_the_time_for_it(name: str) -> None:
    """The engine kills later than the process gives up by itself, which takes up to 15 s more."""
    grace = SERVICES[name]["stop_grace_period"]
    assert float(grace.removesuffix("s")) > float(VALUES["OUTDIAL_DRAIN"]) + 15


def test_what_must_last_is_in_volumes() -> None:
    """Both databases, and our files."""
    volumes = {name: SERVICES[name]["volumes"][0].partition(":")[0] for name in ("postgres", *OURS)}
    assert volumes == {"postgres": "postgres", "setup": "data", "api": "data", "worker": "data"}
    assert set(volumes.values()) <= set(composition(VALUES)["volumes"])


def test_payloads_are_shown_in_the_temporal_ui_where_they_are_encrypted() -> None:
    """And the UI asks nobody where they are not."""
    plain = SERVICES["temporal-ui"]["environment"]["TEMPORAL_CODEC_ENDPOINT"]
    keyed = composition({**VALUES, "OUTDIAL_PAYLOAD_KEYS": "a key"})["services"]["temporal-ui"]["environment"]
    assert (plain, keyed["TEMPORAL_CODEC_ENDPOINT"]) == ("", "http://localhost:8233/codec")


def test_databases_elsewhere_take_the_place_of_ours() -> None:
    """By settings alone."""
    elsewhere = {"OUTDIAL_DATABASE_URL": "postgresql://db/outdial", "OUTDIAL_TEMPORAL_ADDRESS": "t:7233"}
    environment = composition({**VALUES, **elsewhere})["services"]["api"]["environment"]
    assert elsewhere.items() <= environment.items()
    assert SERVICES["setup"]["depends_on"]["postgres"]["required"] is False


def test_the_image_has_no_more_than_it_needs() -> None:
    """Nobody special runs it, and what installs or builds stays in the stage before."""
    built = image()
    assert int(built.user) > 0
    assert [stage.partition(" ")[0] for stage in built.stages] == ["python:3.12.11-slim-bookworm"] * 2
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert not re.search(r"\b(apt-get|gcc|build-essential|pip install)\b", last)


def test_the_image_has_all_of_our_code() -> None:
    """Each package that is shipped, but for what stands in for Twilio; and the build may read them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = {*project["tool"]["importlinter"]["root_packages"], "worker.py"} - {"twilio_emulator"}
    assert set(image().copied) == shipped
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(allowed) == shipped | {"requirements.txt"}


def test_everything_it_installs_is_held_to_its_hash() -> None:
    """And comes as a wheel: nothing is compiled."""
    first = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[0]
    assert "--require-hashes" in first
    assert "--only-binary :all:" in first
