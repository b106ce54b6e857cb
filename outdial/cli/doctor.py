"""`outdial doctor`: is everything there that a real call needs? In words, with what to do where it is not."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
from twilio.base.exceptions import TwilioException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from outdial.carriers.twilio.addresses import PREFIX
from outdial.carriers.twilio.client import make_client
from outdial.carriers.twilio.signatures import HEADER
from outdial.cli.findings import Finding
from outdial.cli.model_doctor import examine_model
from outdial.errors import Invalid
from outdial.settings import Settings

WITHIN: Final = 10.0
# A form that any installation answers; the call does not exist.
_PROBE: Final = f"{PREFIX}/calls/call_doctor/1/status"
_FIELDS: Final = {"CallSid": "CA" + "0" * 32, "CallStatus": "queued"}


def examine(settings: Settings, model: str | None = None) -> Iterator[Finding]:
    """Look at one thing after the other; what can't be looked at because of an earlier finding is left out."""
    yield Finding("carrier", settings.carrier, _carrier_cure(settings))
    client = _client(settings)
    if isinstance(client, Finding):
        yield client
    else:
        account = _credentials(client, settings)
        yield account
        if account.is_well:
            yield _number(client, settings)
    address = _public_address(settings)
    yield address
    if address.is_well and settings.twilio_auth_token is not None:
        yield _signature(settings)
    yield examine_model(settings, model)


def _carrier_cure(settings: Settings) -> str:
    return "" if settings.carrier == "twilio" else "Set OUTDIAL_CARRIER=twilio; until then no phone rings."


def _client(settings: Settings) -> Client | Finding:
    try:
        return make_client(settings)
    except Invalid as error:
        return Finding("credentials", "not set", error.message)


def _credentials(client: Client, settings: Settings) -> Finding:
    def look() -> Finding:
        account: Any = client.api.accounts(settings.twilio_account_sid).fetch()
        if account.status != "active":
            return Finding(
                "credentials", f"account is {account.status}", "Reactivate it in Twilio's console."
            )
        trial = (
            "a trial account: it calls verified numbers only"
            if account.type == "Trial"
            else "account is active"
        )
        return Finding("credentials", trial)

    return _asked("credentials", look, "Compare sid and token with Twilio's console; a token may be rotated.")


def _number(client: Client, settings: Settings) -> Finding:
    number = settings.default_caller_id

    def look() -> Finding:
        owned: list[Any] = client.incoming_phone_numbers.list(phone_number=number, limit=1)
        if owned:
            able = owned[0].capabilities.get("voice")
            cure = "" if able else "This number can't make voice calls; choose one that can."
            return Finding("number", f"{number} is the account's own", cure)
        if client.outgoing_caller_ids.list(phone_number=number, limit=1):
            return Finding("number", f"{number} is a verified caller id")
        cure = (
            "Buy it or verify it in Twilio's console, or set OUTDIAL_DEFAULT_CALLER_ID to a number of yours."
        )
        return Finding("number", f"{number} is not the account's", cure)

    return _asked("number", look, "Try again; Twilio did not answer.")


def _asked(what: str, look: Callable[[], Finding], cure: str) -> Finding:
    try:
        return look()
    except TwilioException as error:
        return Finding(what, f"Twilio refuses: {type(error).__name__}", cure)
    except OSError as error:
        found = f"Twilio does not answer ({type(error).__name__})"
        return Finding(what, found, "See to it that this machine reaches Twilio's API, then try again.")


def _public_address(settings: Settings) -> Finding:
    url = settings.base_url
    if settings.public_url is None:
        cure = "Set OUTDIAL_PUBLIC_URL to the address at which Twilio reaches this API, such as a tunnel's."
        return Finding("public address", "not set", cure)
    if not url.startswith("https://") and settings.twilio_api_url is None:
        return Finding("public address", url, "Use https://; Twilio opens conversations over wss:// only.")
    try:
        answer = httpx.get(f"{url}/healthz", timeout=WITHIN)
    except httpx.HTTPError as error:
        cure = "Start `outdial up` and whatever leads to it, then try again."
        return Finding("public address", f"{url} does not answer ({type(error).__name__})", cure)
    cure = "" if answer.is_success else "Something else answers there; point it at Outdial's API."
    return Finding("public address", f"{url} answers {answer.status_code}", cure)


def _signature(settings: Settings) -> Finding:
    """Post to ourselves as Twilio would, rightly signed and wrongly."""
    assert settings.twilio_auth_token is not None, "looked at only where the token is set"
    url = settings.base_url + _PROBE
    validator: Any = RequestValidator(settings.twilio_auth_token.get_secret_value())
    taken, refused = _post(url, validator.compute_signature(url, _FIELDS)), _post(url, "wrong")
    if taken == 204 and refused == 403:
        return Finding("callback signature", "right ones are taken, wrong ones refused")
    cure = (
        "The API must have the same OUTDIAL_TWILIO_AUTH_TOKEN and OUTDIAL_PUBLIC_URL as this command,"
        " and a proxy must pass path and query unchanged."
    )
    return Finding(
        "callback signature", f"answered {taken} to a right one and {refused} to a wrong one", cure
    )


def _post(url: str, signature: str) -> int | None:
    try:
        return httpx.post(url, data=_FIELDS, headers={HEADER: signature}, timeout=WITHIN).status_code
    except httpx.HTTPError:
        return None
