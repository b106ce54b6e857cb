"""One attempt as its workflow sees it: what the carrier has told, in whatever order it arrived."""

from dataclasses import dataclass, field

from outdial.carriers.base import CarrierEvent, EventKind

_RANK = {kind: rank for rank, kind in enumerate(EventKind)}


@dataclass
class Line:
    """The state of one dial. It only goes forward: a late or repeated event changes nothing."""

    attempt: int
    rank: int = -1
    opened: CarrierEvent | None = None
    end: CarrierEvent | None = None
    unkept: list[CarrierEvent] = field(default_factory=list[CarrierEvent])

    def hear(self, event: CarrierEvent) -> None:
        """Take an event in."""
        if self.end is not None or _RANK[event.kind] <= self.rank:
            return
        self.rank = _RANK[event.kind]
        if event.kind is EventKind.ENDED:
            self.end = event
            return
        if event.kind in (EventKind.ANSWERED, EventKind.MACHINE):
            self.opened = event
        self.unkept.append(event)

    def take_unkept(self) -> list[CarrierEvent]:
        """Events that no activity has been given to keep yet; they count as given from now on."""
        taken, self.unkept = self.unkept, []
        return taken

    def give_back(self, events: list[CarrierEvent]) -> None:
        """The activity may never have begun: the next one keeps them too, which changes nothing if they are kept."""
        self.unkept[:0] = events

    @property
    def to_machine(self) -> bool:
        """Whether a voicemail greeting answered."""
        return self.opened is not None and self.opened.kind is EventKind.MACHINE
