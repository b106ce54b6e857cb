"""What a Prometheus expression asks for: its metrics, the labels it names, and what it makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser


@dataclass(frozen=True)
class Asked:
    """One metric within an expression; ``inside`` are the aggregations around it, from the outermost in."""

    metric: str
    labels: frozenset[str]
    inside: tuple[str, ...]


def asked(expression: str) -> list[Asked]:
    """Every metric that it names. Raises ValueError where Prometheus would not understand it."""
    # Grafana puts a span of time there.
    return list(_walk(promql_parser.parse(expression.replace("$__rate_interval", "1m")), frozenset(), ()))


def _walk(node: Any, labels: frozenset[str], inside: tuple[str, ...]) -> Iterator[Asked]:
    if isinstance(node, promql_parser.AggregateExpr):
        by = frozenset[str](node.modifier.labels) if node.modifier else frozenset[str]()
        yield from _walk(node.expr, labels | by, (*inside, str(node.op)))
        return
    if isinstance(node, promql_parser.MatrixSelector):
        yield from _walk(node.vector_selector, labels, inside)
        return
    if isinstance(node, promql_parser.VectorSelector):
        named = frozenset(matcher.name for matcher in node.matchers.matchers)
        yield Asked(str(node.name), labels | named, inside)
        return
    for child in _children(node):
        yield from _walk(child, labels, inside)


def _children(node: Any) -> list[Any]:
    if isinstance(node, promql_parser.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql_parser.Call):
        return list(node.args)
    return [node.expr] if hasattr(node, "expr") else []
