"""Encryption of what Temporal stores: inputs and results of workflows and activities, and signals."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/outdial-fernet"


class EncryptionCodec(PayloadCodec):
    """Fernet (AES-128-CBC with HMAC-SHA256) over each payload. The first key encrypts, any of them decrypts.

    Payloads that were written before encryption was turned on are passed through as they are.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key.strip()) for key in keys])

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": ENCODING}, data=self._fernet.encrypt(payload.SerializeToString()))
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises RuntimeError where none of the keys fits."""
        return [self._decode(payload) for payload in payloads]

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        try:
            return Payload.FromString(self._fernet.decrypt(payload.data))
        except InvalidToken:
            raise RuntimeError("none of OUTDIAL_PAYLOAD_KEYS decrypts this payload") from None
