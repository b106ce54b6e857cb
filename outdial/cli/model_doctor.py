"""Whether the models' keys are there, and whether their servers take them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import SecretStr

from outdial.agents.factory import validate_model
from outdial.cli.findings import Finding
from outdial.errors import OutdialError
from outdial.settings import Settings

WITHIN: Final = 10.0
_REFUSED: Final = (401, 403)
_OPENAI, _ANTHROPIC = "https://api.openai.com/v1", "https://api.anthropic.com/v1"


@dataclass(frozen=True)
class _Door:
    """Where a key is tried; ``setting`` is where it came from."""

    setting: str
    url: str
    headers: Mapping[str, str]


def examine_model(settings: Settings, model: str | None) -> Finding:
    """The model that is named, or without a name every key that is set."""
    if model is not None:
        try:
            validate_model(model, settings)
        except OutdialError as error:
            return Finding(
                "model", model, f"{error.message} Set OUTDIAL_OPENAI_API_KEY or OUTDIAL_ANTHROPIC_API_KEY."
            )
    doors = [door for door in _doors(settings) if model is None or _leads_to(door, model)]
    if not doors:
        return _nothing_to_try(model)
    tried = [_tried(door) for door in doors]
    return next((finding for finding in tried if not finding.is_well), tried[0])


def _nothing_to_try(model: str | None) -> Finding:
    if model is not None:
        return Finding("model", f"{model} can be used")
    cure = (
        "Set OUTDIAL_OPENAI_API_KEY or OUTDIAL_ANTHROPIC_API_KEY; until then only the scripted agent talks."
    )
    return Finding("model", "no key is set", cure)


def _doors(settings: Settings) -> Iterator[_Door]:
    openai = _key(settings.openai_api_key, "OPENAI_API_KEY")
    anthropic = _key(settings.anthropic_api_key, "ANTHROPIC_API_KEY")
    if settings.model_base_url:
        own = _key(settings.model_api_key, "")
        headers = {"Authorization": f"Bearer {own}"} if own else {}
        yield _Door("OUTDIAL_MODEL_API_KEY", settings.model_base_url, headers)
    elif openai:
        yield _Door("OUTDIAL_OPENAI_API_KEY", _OPENAI, {"Authorization": f"Bearer {openai}"})
    if anthropic:
        headers = {"x-api-key": anthropic, "anthropic-version": "2023-06-01"}
        yield _Door("OUTDIAL_ANTHROPIC_API_KEY", _ANTHROPIC, headers)


def _key(secret: SecretStr | None, variable: str) -> str:
    return secret.get_secret_value() if secret else os.environ.get(variable, "")


def _leads_to(door: _Door, model: str) -> bool:
    provider = model.partition(":")[0]
    return provider == ("anthropic" if door.url == _ANTHROPIC else "openai")


def _tried(door: _Door) -> Finding:
    """The list of models is asked for, which costs nothing; a server that has none still tells who it refuses."""
    try:
        answer = httpx.get(f"{door.url.rstrip('/')}/models", headers=dict(door.headers), timeout=WITHIN)
    except httpx.HTTPError as error:
        found = f"{door.url} does not answer ({type(error).__name__})"
        return Finding("model", found, "See to it that this machine reaches it, then try again.")
    if answer.status_code in _REFUSED:
        return Finding("model", f"{door.url} refuses the key", f"Set {door.setting} to one that is valid.")
    return Finding("model", f"{door.url} takes the key" if door.headers else f"{door.url} answers")
