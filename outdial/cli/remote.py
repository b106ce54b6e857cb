"""The API as the command line uses it: with a key, errors in words."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from outdial.cli.access import key_file
from outdial.errors import Invalid, OutdialError, Unavailable
from outdial.settings import Settings

# A file of a hundred thousand people is read and checked before it is answered.
PATIENCE = 300
# Of refused rows so many are shown; the API has all of them.
SHOWN_ERRORS = 10


class Refused(OutdialError):
    """The API said no."""

    code = "refused"


class Remote:
    """Asks the API. Every method raises Refused in the API's words, or Unavailable where nobody answers."""

    def __init__(self, base_url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=PATIENCE, trust_env=False)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read something."""
        return self._answer("GET", path, params=query).json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask for something."""
        return self._answer("POST", path, json=body).json()

    def send(self, path: str, file: Path, fields: Mapping[str, str]) -> dict[str, Any]:
        """Upload a file with a form's fields."""
        with file.open("rb") as opened:
            return self._answer("POST", path, files={"file": (file.name, opened)}, data=dict(fields)).json()

    def fetch(self, path: str, target: Path, **query: str) -> None:
        """Download to a file."""
        with self._asked(), self._http.stream("GET", path, params=query) as response:
            if not response.is_success:
                response.read()
                raise _refusal(response)
            with target.open("wb") as written:
                for block in response.iter_bytes():
                    written.write(block)

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def _answer(self, method: str, path: str, **given: Any) -> httpx.Response:
        with self._asked():
            response = self._http.request(method, path, **given)
        if not response.is_success:
            raise _refusal(response)
        return response

    @contextmanager
    def _asked(self) -> Generator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise Unavailable(f"The API at {self._http.base_url} does not answer: {error}.") from error


@contextmanager
def remote(url: str | None, key: str | None) -> Generator[Remote]:
    """The API of this installation, or the one that is named. Raises Invalid where there is no key."""
    settings = Settings()
    asking = Remote(url or settings.base_url, key or _kept_key(settings))
    try:
        yield asking
    finally:
        asking.close()


def _kept_key(settings: Settings) -> str:
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    file = key_file(settings)
    if not file.exists():
        raise Invalid("No API key: give one with --key, or set OUTDIAL_API_KEY.", field="key")
    return file.read_text().strip()


def _refusal(response: httpx.Response) -> OutdialError:
    try:
        problem = response.json()
    except ValueError:
        return Unavailable(f"The API answered {response.status_code}: {response.text[:200]}")
    errors = [f"  {error['field']}: {error['message']}" for error in problem.get("errors", [])]
    further = len(errors) - SHOWN_ERRORS
    shown = errors[:SHOWN_ERRORS] + ([f"  and {further} more"] if further > 0 else [])
    return Refused("\n".join([problem.get("detail", response.text), *shown]))
