"""Reading and showing phone numbers."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.errors import Invalid
from outdial.numbers import mask, read_any, read_e164, region_of, timezones_of

DIGITS = st.text("0123456789", min_size=0, max_size=18)


@pytest.mark.parametrize("number", ["+919876543210", "+818012345678", "+14155550199", "+15550009001"])
def test_e164_is_read_as_it_is(number: str) -> None:
    """Also numbers in ranges that nobody has: only length and country are checked."""
    assert read_e164(number, field="recipient_phone") == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "919876543210",
        "+1-415-555-0199",
        "+1 4155550199",
        "5551234567",
        "+0123456789",
        "+٩١٩٨٧٦٥٤٣٢١٠",
        "+1415",
        "tel:+14155550199",
        "+14155550199\n",
        "+9999999999999",
        "+1415555019912345",
    ],
)
def test_anything_else_is_told_what_e164_is(text: str) -> None:
    """The refusal names the field and shows an example."""
    with pytest.raises(Invalid, match=r"country code.*\+919876543210") as refused:
        read_e164(text, field="recipient_phone")
    assert refused.value.field == "recipient_phone"


@pytest.mark.parametrize("text", ["+1415555019", "+15550199"])
def test_a_number_too_short_for_its_country_is_refused(text: str) -> None:
    """One digit is lacking, or the area code."""
    with pytest.raises(Invalid, match=r"length that \+1 "):
        read_e164(text, field="to")


def test_the_length_may_be_left_unchecked() -> None:
    """Then the form and a known country code are enough."""
    assert read_e164("+1415555019", field="to", check_length=False) == "+1415555019"
    with pytest.raises(Invalid):
        read_e164("+999876543212", field="to", check_length=False)


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("5551234567", "US", "+15551234567"),
        ("+1-415-555-0199", "IN", "+14155550199"),
        ("(415) 555-0199", "us", "+14155550199"),
        ("098765 43210", "IN", "+919876543210"),
        ("080-1234-5678", "JP", "+818012345678"),
        ("+818012345678", "US", "+818012345678"),
    ],
)
def test_numbers_as_people_write_them_are_read(text: str, region: str, number: str) -> None:
    """National forms are of the region, a plus says the country itself."""
    assert read_any(text, region, field="phone") == number


@pytest.mark.parametrize("text", ["", "call me", "12", "5550199", "+", "+99912345678901234"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """The refusal says which region's numbers were expected."""
    with pytest.raises(Invalid, match="number of US"):
        read_any(text, "US", field="phone")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+919876543210", "+91•••••••210"),
        ("+14155550199", "+1•••••••199"),
        ("+2901234", "+290••34"),
        ("oops", "••••"),
    ],
)
def test_masked_numbers_show_country_and_last_digits(number: str, shown: str) -> None:
    """Enough to tell two calls apart, too little to dial."""
    assert mask(number) == shown


def test_a_number_knows_its_region_and_timezones() -> None:
    """Where the number plan says; unknown otherwise."""
    assert (region_of("+818012345678"), timezones_of("+818012345678")) == ("JP", ["Asia/Tokyo"])
    assert (region_of("+15550009001"), timezones_of("+15550009001")) == (None, [])
    assert (region_of("nothing"), timezones_of("nothing")) == (None, [])


@given(DIGITS, st.booleans())
def test_what_is_read_is_a_possible_number_in_e164(digits: str, check_length: bool) -> None:
    """No input is read into something that can't be a number."""
    try:
        number = read_e164(f"+{digits}", field="to", check_length=check_length)
    except Invalid:
        return
    assert number == f"+{digits}"
    assert not check_length or phonenumbers.is_possible_number(phonenumbers.parse(number))


@given(st.text(max_size=25), st.sampled_from(["US", "IN", "JP", "DE", "ZZ"]))
def test_reading_any_text_gives_a_number_or_a_refusal(text: str, region: str) -> None:
    """And what it gives is read again as the same number."""
    try:
        number = read_any(text, region, field="phone")
    except Invalid:
        return
    assert read_any(number, region, field="phone") == number


@given(st.one_of(st.text(max_size=25), DIGITS.map(lambda digits: f"+{digits}")))
def test_masking_never_fails_and_never_shows_a_number(text: str) -> None:
    """The length stays; of the digits only the country code and at most three."""
    shown = mask(text)
    assert len(shown) == len(text)
    assert sum(character.isdecimal() for character in shown) <= 6
