"""Phone numbers: read into E.164, masked for logs, placed on the map."""

import re

import phonenumbers
from phonenumbers import timezone

from outdial.errors import Invalid

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
WHAT_E164_IS = (
    "a number in E.164 form: a plus, the country code, then the number, no spaces or dashes, "
    "at most 15 digits, for example +919876543210"
)


def read_e164(text: str, *, field: str, check_length: bool = True) -> str:
    """``text`` itself if it is E.164 with a known country code.

    With ``check_length`` it must also be as long as numbers of its country are. Raises Invalid.
    """
    number = _parsed(text, None) if _E164.fullmatch(text) else None
    if number is None or number.country_code not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        raise Invalid(f"Expected {WHAT_E164_IS}.", field=field)
    if check_length and not _is_possible(number):
        raise Invalid(f"This number has a length that +{number.country_code} does not use.", field=field)
    return text


def read_any(text: str, region: str, *, field: str) -> str:
    """The E.164 form of a number as people write it; without a plus it is a national number of ``region``.

    ``region`` is two letters such as ``US``. Raises Invalid.
    """
    number = _parsed(text, region.upper())
    if number is None or not _is_possible(number):
        raise Invalid(f"Expected a phone number of {region.upper()}, or {WHAT_E164_IS}.", field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """An E.164 number's country code and last digits, all else hidden: what logs may show."""
    parsed = _parsed(number, None) if _E164.fullmatch(number) else None
    if parsed is None:
        return "•" * len(number)
    code = f"+{parsed.country_code}"
    shown = 3 if len(number) - len(code) >= 8 else 2
    return f"{code}{'•' * (len(number) - len(code) - shown)}{number[-shown:]}"


def mask_all(text: str, region: str) -> str:
    """A text in which every number is masked, as people of ``region`` and elsewhere write them."""
    shown, at = "", 0
    for found in phonenumbers.PhoneNumberMatcher(text, region):
        whole = phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)
        shown += text[at : found.start] + mask(whole)
        at = found.end
    return shown + text[at:]


def timezones_of(number: str) -> list[str]:
    """The IANA timezones where an E.164 number may be; empty where that is not known."""
    parsed = _parsed(number, None)
    zones = timezone.time_zones_for_number(parsed) if parsed else ()
    return [zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE]


def timezone_of(number: str, preferred: str) -> str:
    """The timezone where an E.164 number is; ``preferred`` where that leaves a choice or nothing."""
    zones = timezones_of(number)
    return preferred if not zones or preferred in zones else zones[0]


def region_of(number: str) -> str | None:
    """The two-letter region of an E.164 number, None where the number fits none."""
    parsed = _parsed(number, None)
    return phonenumbers.region_code_for_number(parsed) if parsed else None


def is_region(name: str) -> bool:
    """Whether numbers of that two-letter region are known."""
    return name in phonenumbers.SUPPORTED_REGIONS


def _is_possible(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it is as long as a full number of its country; one without its area code can't be dialled."""
    found = phonenumbers.is_possible_number_with_reason(number)
    return found == phonenumbers.ValidationResult.IS_POSSIBLE


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
