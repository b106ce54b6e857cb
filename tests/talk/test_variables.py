"""Placeholders in prompts and opening lines."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.errors import Invalid
from outdial.variables import missing, placeholders, render

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}(\.[a-z_]{1,10}){0,2}", fullmatch=True)


def test_placeholders_are_named_once_in_order() -> None:
    """Spaces beside the braces do not count, dots belong to the name."""
    text = "{{name}} owes {{ custom.amount }}; {{name}}, call {{agent-name}}."
    assert placeholders(text) == ["name", "custom.amount", "agent-name"]


@pytest.mark.parametrize("text", ["", "{name}", "{{}}", "{{ }}", "{{na\nme}}", "{{{}}}", "{% name %}"])
def test_other_braces_are_only_text(text: str) -> None:
    """Nothing but a name between two pairs of braces is a placeholder."""
    assert (placeholders(text), render(text, {})) == ([], text)


@pytest.mark.parametrize(
    ("value", "said"),
    [("₹2,500", "₹2,500"), (12, "12"), (2.5, "2.5"), (True, "true"), (False, "false"), ("", "")],
)
def test_values_are_put_as_text(value: Any, said: str) -> None:
    """Unicode as it is; numbers and booleans in plain form."""
    assert render("<{{amount}}>", {"amount": value}) == f"<{said}>"


def test_dots_reach_into_nested_objects() -> None:
    """A dotted name is a path, unless a key is spelled exactly so."""
    variables = {"custom": {"account_id": "A1", "plan": {"name": "gold"}}, "custom.plan.name": "silver"}
    assert render("{{custom.account_id}} {{custom.plan.name}}", variables) == "A1 silver"


def test_missing_names_every_absent_variable_of_all_texts() -> None:
    """Null, lists and objects can't be said, so they count as missing."""
    variables = {"a": "x", "nothing": None, "list": [1], "object": {"a": 1}}
    texts = ["{{a}} {{b}} {{nothing}}", "{{list}} {{object}} {{object.a}} {{b}} {{a.c}}"]
    assert missing(texts, variables) == ["b", "nothing", "list", "object", "a.c"]


def test_rendering_without_a_variable_is_refused_with_its_name() -> None:
    """Nobody hears a placeholder read aloud."""
    with pytest.raises(Invalid, match="first_name") as refused:
        render("Hello {{first_name}}", {})
    assert refused.value.field == "variables"


@given(st.text(), NAMES, st.text())
def test_a_value_is_never_substituted_again(value: str, name: str, around: str) -> None:
    """Whatever a value holds, braces too, comes out as it went in."""
    around = around.replace("{", "").replace("}", "")
    assert render(f"{around}{{{{{name}}}}}{around}", {name: value}) == f"{around}{value}{around}"


@given(st.text(alphabet="ab{} .\n", max_size=40), st.text(alphabet="{}ab."))
def test_rendering_leaves_nothing_missing_and_never_fails_otherwise(text: str, value: str) -> None:
    """A text renders exactly where nothing is missing from its variables."""
    variables = dict.fromkeys(placeholders(text), value)
    assert missing([text], variables) == []
    render(text, variables)
