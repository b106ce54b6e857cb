"""How the line to Temporal is secured, and how we prove who we are."""

from pathlib import Path

from temporalio.service import TLSConfig

from outdial.errors import Invalid
from outdial.settings import Settings


def tls_of(settings: Settings) -> TLSConfig | bool:
    """What the client is given as ``tls``. Raises Invalid for a file that can't be read or lacks its other half."""
    if settings.temporal_tls is False:
        return False
    if (settings.temporal_tls_cert is None) != (settings.temporal_tls_key is None):
        missing = "cert" if settings.temporal_tls_cert is None else "key"
        raise Invalid(
            "A certificate and its key are set together.", field=f"OUTDIAL_TEMPORAL_TLS_{missing.upper()}"
        )
    config = TLSConfig(
        server_root_ca_cert=_content("ca", settings.temporal_tls_ca),
        domain=settings.temporal_tls_server_name,
        client_cert=_content("cert", settings.temporal_tls_cert),
        client_private_key=_content("key", settings.temporal_tls_key),
    )
    if config != TLSConfig():
        return config
    return bool(settings.temporal_tls) or settings.temporal_api_key is not None


def api_key_of(settings: Settings) -> str | None:
    """The key that goes with every request."""
    return settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None


def _content(what: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"{path} can't be read: {error.strerror}."
        raise Invalid(problem, field=f"OUTDIAL_TEMPORAL_TLS_{what.upper()}") from error
