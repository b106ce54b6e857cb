"""`outdial settings`: every setting, what it is for and what it is now."""

from typing import Any

from pydantic import SecretStr
from sqlalchemy import make_url

from outdial.settings import Settings


def rows() -> list[dict[str, Any]]:
    """One row a setting; of secrets only whether they are set."""
    settings = Settings()
    return [
        {
            "setting": f"OUTDIAL_{name.upper()}",
            "now": _shown(getattr(settings, name)),
            "set": name in settings.model_fields_set,
            "for": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: Any) -> Any:
    if isinstance(value, str) and "://" in value:
        return make_url(value).render_as_string()  # which leaves the password out
    return "•••" if isinstance(value, SecretStr) else value
