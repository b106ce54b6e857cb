"""Plans: how many lines an account has, and how large a batch it may upload."""

from dataclasses import dataclass
from enum import StrEnum


class Plan(StrEnum):
    STARTER = "starter"
    GROWTH = "growth"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True)
class PlanLimits:
    """``lines``: calls live at once. ``batch_size``: recipients in one batch; None is unlimited."""

    lines: int
    batch_size: int | None


LIMITS = {
    Plan.STARTER: PlanLimits(lines=1, batch_size=50),
    Plan.GROWTH: PlanLimits(lines=3, batch_size=500),
    Plan.BUSINESS: PlanLimits(lines=10, batch_size=5_000),
    # Enterprise lines are agreed per account (Account.custom_lines); this is the figure until they are.
    Plan.ENTERPRISE: PlanLimits(lines=50, batch_size=None),
}
