"""The demo as a user of the API: nothing here that anybody's own program could not do."""

from typing import Any

import httpx

from outdial.errors import Unavailable


class Client:
    """Asks the API with a key. Every method raises Unavailable with the API's words where it says no."""

    def __init__(self, base_url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self._http = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30, trust_env=False)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something."""
        return _answer(await self._http.post(path, json=body))

    async def get(self, path: str) -> dict[str, Any]:
        """Read something."""
        return _answer(await self._http.get(path))

    async def close(self) -> None:
        """Let the connections go."""
        await self._http.aclose()


def _answer(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        asked = f"{response.request.method} {response.url.path}"
        raise Unavailable(f"{asked} was answered {response.status_code}: {response.text}")
    return response.json()
