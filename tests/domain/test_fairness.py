"""How lines are shared."""

from hypothesis import given
from hypothesis import strategies as st

from outdial.fairness import share_lines

WANTED = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 100), min_size=1)


def test_equals_share_equally() -> None:
    """Two that want all get half each."""
    assert share_lines(10, {"a": 10, "b": 10}) == {"a": 5, "b": 5}


def test_what_one_leaves_the_others_get() -> None:
    """Nobody gets more than it wants."""
    assert share_lines(10, {"a": 1, "b": 2, "c": 100}) == {"a": 1, "b": 2, "c": 7}


def test_a_line_that_cannot_be_split_goes_round() -> None:
    """Another turn gives it to another."""
    shares = [share_lines(3, {"a": 3, "b": 3}, turn=turn) for turn in range(2)]
    assert shares == [{"a": 2, "b": 1}, {"a": 1, "b": 2}]


@given(st.integers(0, 200), WANTED, st.integers(0, 1000))
def test_all_lines_are_used_and_nobody_is_better_off_for_nothing(
    lines: int, wanted: dict[str, int], turn: int
) -> None:
    """Shares add up; whoever is not content has at most one line less than anybody else."""
    shares = share_lines(lines, wanted, turn=turn)
    assert sum(shares.values()) == min(lines, sum(wanted.values()))
    assert all(0 <= shares[name] <= wanted[name] for name in wanted)
    hungry = [share for name, share in shares.items() if share < wanted[name]]
    assert not hungry or max(shares.values()) - min(hungry) <= 1
