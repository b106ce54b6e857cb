"""How an account's lines are shared between those who want some; pure."""

from collections.abc import Mapping


def share_lines(lines: int, wanted: Mapping[str, int], *, turn: int = 0) -> dict[str, int]:
    """Max-min fair shares: nobody gets more than it wants, and what one leaves goes to the others.

    Lines that can't be split evenly go round: another ``turn`` gives them to others.
    """
    shares = dict.fromkeys(wanted, 0)
    while lines > 0 and (hungry := [name for name in shares if shares[name] < wanted[name]]):
        each, odd = divmod(lines, len(hungry))
        if each == 0:
            first = turn % len(hungry)
            return shares | {name: shares[name] + 1 for name in (hungry[first:] + hungry[:first])[:odd]}
        for name in hungry:
            given = min(each, wanted[name] - shares[name])
            shares[name] += given
            lines -= given
    return shares
