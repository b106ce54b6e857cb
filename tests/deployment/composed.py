"""What an engine would make of `docker-compose.yml`, `.env` and the `Dockerfile`, read without one."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from dockerfile_parse import DockerfileParser
from dotenv import dotenv_values

from tests.system.processes import ROOT

COMPOSE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
DOCKERFILE = ROOT / "Dockerfile"

_INNERMOST = re.compile(r"(?<!\$)\$\{(\w+)(?::([-?+])([^${}]*))?\}")


def example(**filled: str) -> dict[str, str]:
    """The settings of `.env.example`, with what is to be filled in."""
    values = {name: value or "" for name, value in dotenv_values(EXAMPLE).items()}
    return {**values, **filled}


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, the inner ones first. Raises LookupError for one that must be set."""
    while found := _INNERMOST.search(text):
        text = text[: found.start()] + _value(found, values) + text[found.end() :]
    return text


def _value(variable: re.Match[str], values: Mapping[str, str]) -> str:
    name, operator, other = variable.groups()
    value = values.get(name, "")
    if operator == "?" and not value:
        raise LookupError(f"{name}: {other}")
    if operator == "+":
        return other if value else ""
    return other if operator == "-" and not value else value


def composition(values: Mapping[str, str]) -> dict[str, Any]:
    """The compose file as it is with these settings, YAML's aliases and merges resolved."""
    return _filled(yaml.safe_load(COMPOSE.read_text()), values)


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        entries = cast("dict[str, Any]", part)
        return {name: _filled(entry, values) for name, entry in entries.items()}
    if isinstance(part, list):
        return [_filled(item, values) for item in cast("list[Any]", part)]
    return interpolated(part, values).replace("$$", "$") if isinstance(part, str) else part


@dataclass(frozen=True)
class Image:
    """What the last stage of the Dockerfile makes."""

    environment: dict[str, str]
    command: list[str]
    healthcheck: list[str]
    user: str
    copied: Sequence[str]  # from our own files
    stages: Sequence[str]


def image() -> Image:
    parser = DockerfileParser(str(DOCKERFILE), env_replace=False)
    steps = [(step["instruction"], step["value"]) for step in parser.structure]
    begun = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    last = dict(steps[begun:])
    copies = [value.split() for name, value in steps[begun:] if name == "COPY" and "--from" not in value]
    return Image(
        environment=dict(parser.envs),
        command=json.loads(last["CMD"]),
        healthcheck=json.loads(last["HEALTHCHECK"].partition(" CMD ")[2]),
        user=last["USER"],
        copied=[source for copy in copies for source in copy[:-1]],
        stages=[value for name, value in steps if name == "FROM"],
    )


def environment_of(service: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """What a container of ours would find: the image's, the env file's and the service's own, later ones first."""
    own: dict[str, str] = service["environment"]
    return {**image().environment, **(values if "env_file" in service else own), **own}


def unpack(folder: Path) -> None:
    """Put what the image copies into a folder, as a build would."""
    for source in image().copied:
        # What is not tracked beside the sources (caches) does no harm.
        os.symlink(ROOT / source, folder / source)
