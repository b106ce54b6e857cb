"""Connecting to Temporal, with payloads encrypted where keys are set."""

import dataclasses

from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime

from engine import tracing
from engine.codec import EncryptionCodec
from outdial.settings import Settings


def data_converter(settings: Settings) -> DataConverter:
    """How payloads are written; encrypted if the settings have payload keys."""
    if settings.payload_keys is None:
        return DataConverter.default
    codec = EncryptionCodec(settings.payload_keys.get_secret_value().split(","))
    return dataclasses.replace(DataConverter.default, payload_codec=codec)


async def connect(settings: Settings, *, lazy: bool = False, runtime: Runtime | None = None) -> Client:
    """A client of the settings' Temporal. ``lazy`` connects at the first call instead of now.

    ``runtime`` is the SDK's, where it is to measure itself.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(settings),
        lazy=lazy,
        runtime=runtime,
        interceptors=tracing.interceptors(),
    )
