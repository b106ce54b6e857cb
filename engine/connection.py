"""Connecting to Temporal, with payloads encrypted where keys are set."""

import dataclasses

from temporalio.client import Client
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.runtime import Runtime

from engine import tracing
from engine.codec import EncryptionCodec
from engine.tls import api_key_of, tls_of
from outdial.settings import Settings


def data_converter(settings: Settings) -> DataConverter:
    """How payloads and failures are written; encrypted if the settings have payload keys."""
    if settings.payload_keys is None:
        return DataConverter.default
    codec = EncryptionCodec(settings.payload_keys.get_secret_value().split(","))
    # What an exception says may name a callee as well as any payload.
    return dataclasses.replace(
        DataConverter.default,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, *, lazy: bool = False, runtime: Runtime | None = None) -> Client:
    """A client of the settings' Temporal. ``lazy`` connects at the first call instead of now.

    ``runtime`` is the SDK's, where it is to measure itself. Raises Invalid for settings that can't be used,
    RuntimeError where Temporal does not answer.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=tls_of(settings),
        api_key=api_key_of(settings),
        data_converter=data_converter(settings),
        lazy=lazy,
        runtime=runtime,
        interceptors=tracing.interceptors(),
    )
