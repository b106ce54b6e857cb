"""Who picks up on the simulated carrier."""

import re
from collections import Counter
from pathlib import Path

import pytest

from outdial.carriers.personas import BOOK, PERSONAS, Fate, persona_of, read_mix
from outdial.errors import Invalid

MIX = "book=60, refuse=10,busy=10,no_answer=15,voicemail=5"


def test_the_last_four_digits_choose_the_persona() -> None:
    """In any country, whatever comes before."""
    assert [persona_of(number).name for number in ("+15550009001", "+4930123459001")] == ["refuse", "refuse"]


def test_any_other_number_answers_and_books() -> None:
    """Without a mix."""
    assert persona_of("+919876543210") is BOOK


@pytest.mark.parametrize(
    ("last", "fates"),
    [
        ("9002", [Fate.BUSY, Fate.ANSWER, Fate.ANSWER]),
        ("9003", [Fate.NO_ANSWER] * 3),
        ("9011", [Fate.MUTE] * 3),
        ("9012", [Fate.LOST_ANSWER] * 3),
        ("9013", [Fate.UNREACHED, Fate.ANSWER, Fate.ANSWER]),
    ],
)
def test_every_dial_has_its_fate_and_the_last_repeats(last: str, fates: list[Fate]) -> None:
    """Attempts are counted from 1."""
    assert [persona_of(f"+1555000{last}").fate(attempt) for attempt in (1, 2, 3)] == fates


def test_a_mix_deals_personas_by_weight_and_always_the_same() -> None:
    """A thousand numbers come within a few of their weights, and again so."""
    numbers = [f"+1555{number:07}" for number in range(1_000)]
    dealt = Counter(persona_of(number, seed=7, mix=MIX).name for number in numbers)
    assert dealt == Counter(persona_of(number, seed=7, mix=MIX).name for number in numbers)
    assert all(abs(dealt[name] - 10 * weight) < 50 for name, weight in read_mix(MIX).items())


def test_another_seed_deals_anew() -> None:
    """The same numbers get other people."""
    numbers = [f"+1555{number:07}" for number in range(100)]
    deals = [[persona_of(number, seed=seed, mix=MIX).name for number in numbers] for seed in (1, 2)]
    assert deals[0] != deals[1]


def test_magic_numbers_keep_their_persona_in_a_mix() -> None:
    """A rehearsal can still plant a certain callee."""
    assert persona_of("+15550009005", mix="book=1") is PERSONAS["9005"]


@pytest.mark.parametrize("mix", ["", "book", "book=x", "book=0", "nobody=1", "book=-1", "book=1,,busy=1"])
def test_a_mix_that_cannot_be_read_is_refused(mix: str) -> None:
    """The refusal lists the personas there are."""
    with pytest.raises(Invalid, match=r"book=60.*voicemail"):
        persona_of("+15550000001", mix=mix)


def test_the_documented_table_is_the_table() -> None:
    """docs/simulation.md lists every persona by its digits."""
    page = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text()
    rows = dict(re.findall(r"^\| (\d{4}) \| `(\w+)` \|", page, re.MULTILINE))
    assert rows == {digits: persona.name for digits, persona in PERSONAS.items()}
