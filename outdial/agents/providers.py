"""Language models by name, with this installation's keys and addresses."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from httpx2 import AsyncClient
from pydantic import SecretStr
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, create_async_httpx2_client, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class
from pydantic_ai.providers.openai import OpenAIProvider

from outdial.settings import Settings

# One pool of connections an event loop: two can't share one, and a call should find it warm.
_POOLS: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = WeakKeyDictionary()


def knows(provider: str) -> bool:
    """Whether models of ``provider`` can be used here: it is known, and its library is installed."""
    try:
        infer_provider_class(provider)
    except (ValueError, ImportError):
        return False
    return True


def has_key(name: str, settings: Settings) -> bool:
    """Whether everything that the model needs, its key above all, is set."""
    try:
        make_model(name, settings, None)
    except UserError:
        return False
    return True


def model_named(name: str, settings: Settings) -> Model:
    """The model that ``provider:model`` names, on this event loop's connections.

    Raises pydantic_ai's UserError where its key is missing.
    """
    return make_model(name, settings, _pool())


def make_model(name: str, settings: Settings, client: AsyncClient | None) -> Model:
    """The same over a client of the caller's, or one of its own."""
    provider, _, model = name.partition(":")
    if provider == "openai" and settings.model_base_url:
        key = _secret(settings.model_api_key)
        # Servers that are compatible with OpenAI speak its chat completions, seldom its newer protocol.
        return OpenAIChatModel(
            model, provider=OpenAIProvider(base_url=settings.model_base_url, api_key=key, http_client=client)
        )
    return infer_model(name, provider_factory=lambda asked: _provider(asked, settings, client))


def _provider(name: str, settings: Settings, client: AsyncClient | None) -> Provider[Any]:
    if name in ("openai", "openai-chat", "openai-responses"):
        return OpenAIProvider(api_key=_secret(settings.openai_api_key), http_client=client)
    if name == "anthropic":
        # Its library takes a second to import.
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicProvider(api_key=_secret(settings.anthropic_api_key), http_client=client)
    return infer_provider(name)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _pool() -> AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _POOLS:
        _POOLS[loop] = create_async_httpx2_client()
    return _POOLS[loop]
