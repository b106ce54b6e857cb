"""How values look on pages: times where the viewer is, numbers masked for viewers, lengths of time."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import phonenumbers
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from outdial import numbers

if TYPE_CHECKING:
    from api.dashboard.views import View

_NUMBER_IN_TEXT = re.compile(r"\+[1-9]\d{6,14}")
_INSTANT_IN_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@pass_context
def moment(context: Context, at: datetime | None, form: str = "short") -> str:
    """An instant as local time; the page's script translates it where the zone was not known yet."""
    if at is None:
        return "—"
    view: View = context["view"]
    local = at.astimezone(view.zone)
    text = local.strftime("%H:%M:%S") if form == "clock" else _dated(local, view.now.astimezone(view.zone))
    zone = "" if view.zone.key != "UTC" else " UTC"
    tag = '<time datetime="{}" data-form="{}" data-zone="{}" title="{}">{}</time>'
    title = local.strftime("%Y-%m-%d %H:%M:%S %Z")
    return Markup(tag).format(  # noqa: S704 # a tag of ours; its values are escaped
        at.isoformat(), form, view.zone.key, title, text + zone
    )


@pass_context
def clock(context: Context, seconds: int) -> str:
    """A minute as local time, from Unix seconds."""
    view: View = context["view"]
    return datetime.fromtimestamp(seconds, view.zone).strftime("%H:%M")


def _dated(local: datetime, now: datetime) -> str:
    clock = local.strftime("%H:%M")
    if local.date() == now.date():
        return f"today {clock}"
    day = f"{local.day} {local.strftime('%b')}"
    return f"{day} {clock}" if local.year == now.year else f"{day} {local.year} {clock}"


@pass_context
def number(context: Context, text: str | None) -> str:
    """A person's number: whole for those who call, masked for those who look."""
    if not text:
        return "—"
    view: View = context["view"]
    return readable(text) if view.may("operator") else numbers.mask(text)


def readable(text: str) -> str:
    """An E.164 number in groups, as its country writes it."""
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@pass_context
def masked(context: Context, text: str) -> str:
    """A text in which a viewer sees numbers masked, however they are written."""
    view: View = context["view"]
    if view.may("operator"):
        return text
    text = _NUMBER_IN_TEXT.sub(lambda found: numbers.mask(found[0]), text)
    return numbers.mask_all(text, view.visitor.account.default_region)


@pass_context
def timely(context: Context, text: str) -> str:
    """A text in which instants are local times, and a viewer sees numbers masked."""
    shown, at = Markup(), 0
    for found in _INSTANT_IN_TEXT.finditer(text):
        shown += masked(context, text[at : found.start()])
        shown += moment(context, datetime.fromisoformat(found[0]))
        at = found.end()
    return shown + masked(context, text[at:])


def lasting(seconds: float | timedelta | None) -> str:
    """A length of time in its two largest units."""
    if seconds is None:
        return "—"
    whole = round(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < 60:
        return f"{whole} s"
    for size, unit, smaller, name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{whole} s"


def grouped(value: int) -> str:
    """A whole number, thousands apart."""
    return f"{value:,}".replace(",", " ")


def share(part: float, whole: float) -> str:
    """A share in percent; a dash of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "—"


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def plain(value: Any) -> str:
    """A variable's or field's value as text."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


FILTERS: dict[str, Callable[..., Any]] = {
    "clock": clock,
    "moment": moment,
    "number": number,
    "masked": masked,
    "timely": timely,
    "lasting": lasting,
    "grouped": grouped,
    "share": share,
    "pretty": pretty,
    "plain": plain,
}
