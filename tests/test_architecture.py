"""What holds across the whole code: who writes the account's condition, who queries, how long a module is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import outdial.models as models

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 400

OWNED = {
    name for name in models.__all__ if "account_id" in getattr(getattr(models, name), "model_fields", {})
}
QUERIES = {"select", "update", "delete", "insert", "exists", "query", "get", "get_one"}


def modules(*folders: str) -> Iterator[Path]:
    """Every Python module of those folders, and the worker's."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))
    if (ROOT / "worker.py").exists():
        yield ROOT / "worker.py"


def product() -> list[Path]:
    """What is shipped, but for the generated migrations."""
    found = modules("outdial", "workflows", "activities", "api", "engine")
    return [path for path in found if "versions" not in path.parts]


def account_conditions(tree: ast.AST) -> Iterator[int]:
    """Lines that compare an ``account_id``, be it with ==, ``in_`` or ``filter_by``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            compared = any(_is_account_id(part) for part in ast.walk(node))
        elif isinstance(node, ast.Call):
            compared = _compares_by_method(node)
        else:
            compared = False
        if compared:
            yield getattr(node, "lineno", 0)


def owned_queries(tree: ast.AST) -> Iterator[int]:
    """Lines that query a table that accounts own rows of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in QUERIES and node.args and _names_owned(node):
            yield node.lineno


def _compares_by_method(call: ast.Call) -> bool:
    if _called(call) == "filter_by":
        return any(keyword.arg == "account_id" for keyword in call.keywords)
    on = call.func.value if isinstance(call.func, ast.Attribute) else None
    return on is not None and _is_account_id(on) and _called(call) in {"in_", "is_", "op", "like", "any_"}


def _is_account_id(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "account_id"


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _names_owned(call: ast.Call) -> bool:
    arguments = call.args if _called(call) != "get" else call.args[:1]
    named = (part.id for argument in arguments for part in ast.walk(argument) if isinstance(part, ast.Name))
    return any(name in OWNED for name in named)


def places(path: Path, lines: Iterator[int]) -> list[str]:
    """Those lines of a module, as a person looks them up."""
    return [f"{path.relative_to(ROOT)}:{line}" for line in lines]


def test_only_the_scope_writes_the_condition_on_the_account() -> None:
    """Which rows an account may see is decided in outdial/store/scope.py and nowhere else."""
    others = [path for path in product() if path != ROOT / "outdial/store/scope.py"]
    found = [
        place for path in others for place in places(path, account_conditions(ast.parse(path.read_text())))
    ]
    assert found == []


def test_rows_of_accounts_are_queried_in_the_store_alone() -> None:
    """Outside outdial/store nobody selects, changes or fetches rows that belong to accounts."""
    others = [path for path in product() if ROOT / "outdial/store" not in path.parents]
    found = [place for path in others for place in places(path, owned_queries(ast.parse(path.read_text())))]
    assert found == []


def test_no_module_is_too_long_to_be_read() -> None:
    """A module above 400 lines is two modules."""
    every = [*product(), *modules("tests", "bench")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in every}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_module_says_what_it_is_for() -> None:
    """A module begins with a sentence; an empty ``__init__`` needs none."""
    silent = [
        path for path in product() if (text := path.read_text()) and not ast.get_docstring(ast.parse(text))
    ]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


@pytest.mark.parametrize(
    "line",
    [
        "query.where(Call.account_id == account)",
        "query.where(col(Call.account_id) == account)",
        "query.filter_by(account_id=account)",
        "query.where(Call.account_id.in_(accounts))",
    ],
)
def test_a_condition_on_the_account_is_recognised(line: str) -> None:
    """The check sees the ways in which such a condition can be written."""
    assert list(account_conditions(ast.parse(line))) == [1]


@pytest.mark.parametrize(
    "line", ["select(Call)", "sa.update(Call)", "select(Call.id)", "session.get(Call, key)"]
)
def test_a_query_of_owned_rows_is_recognised(line: str) -> None:
    """The check sees the ways in which such a query can be written."""
    assert list(owned_queries(ast.parse(line))) == [1]


def test_asking_the_scope_is_no_raw_query() -> None:
    """``get`` of the scope names the model third and is allowed."""
    assert list(owned_queries(ast.parse("get(session, account_id, Call, call_id)"))) == []
