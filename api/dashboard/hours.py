"""Calling hours as forms ask for them: from, until, and the days."""

from pydantic import ValidationError

from api.dashboard.access import Form
from outdial.errors import Invalid
from outdial.windows import ALL_DAYS, CallingHours

WORKDAYS = ALL_DAYS[:5]


def hours_of(form: Form) -> CallingHours | None:
    """What was chosen, None for any time. Raises Invalid."""
    opens, closes = form.text("opens"), form.text("closes")
    if not opens and not closes:
        return None
    chosen = [day for day in ALL_DAYS if day in form.several("days")] or ALL_DAYS
    try:
        return CallingHours.model_validate({"start": opens, "end": closes, "days": chosen})
    except ValidationError:
        message = "Calling hours need a beginning and an end that differ, such as 09:00 and 18:00."
        raise Invalid(message, field="opens") from None
