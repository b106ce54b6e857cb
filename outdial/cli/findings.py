"""What `outdial doctor` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``cure`` is what to do, empty where all is well."""

    what: str
    found: str
    cure: str = ""

    @property
    def is_well(self) -> bool:
        return not self.cure
