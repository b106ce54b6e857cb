"""The rows of one upload: checked, then written a chunk at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from outdial import numbers
from outdial.agents.briefing import Brief
from outdial.batches.request import AcceptedRow, Recipient, RejectedRow, Taken
from outdial.contacts import consent, people
from outdial.errors import Invalid, OutdialError
from outdial.ids import new_id
from outdial.intake import check_metadata, check_values, check_variables, timezone_for
from outdial.models import Account, Batch, Call, CallEvent, Contact
from outdial.storable import check_storable
from outdial.store import batch_rows, batches, contacts, do_not_call
from outdial.webhooks.events import EventType

# Of accepted and of rejected rows so many are listed in an answer; all of them can be read afterwards.
LISTED = 10_000
MAX_EXTERNAL_ID = 200


class RowIntake:
    """Checks and writes the rows of one upload. ``known``: how many calls the batch had before."""

    def __init__(self, session: Session, account: Account, batch: Batch, region: str | None) -> None:
        self.batch = batch
        self.taken = Taken(batch)
        self.next_row = batch.rows
        # A schedule's rows are bounded as such: counting a million calls for one more takes too long.
        self.known = batch.rows if batch.stays_open else batch_rows.count_calls(session, batch)
        self.variables = dict.fromkeys(batch.variables)
        self._first_row = batch.rows
        self._account = account
        self._region = region
        self._definition = batches.agent_version(session, batch).definition
        self._brief = Brief(trigger=batch.trigger)
        self._people: dict[str, Contact] = {}
        self._fit: list[tuple[int, str, Recipient]] = []
        self._unfit: list[RejectedRow] = []
        self._patterns: tuple[dict[str, Any], ...] = ()

    def check(self, session: Session, chunk: Sequence[Recipient]) -> None:
        """Check rows as far as that needs no lock."""
        self._fit, self._unfit = [], []
        read = [
            (row, self._read(row, recipient), recipient) for row, recipient in enumerate(chunk, self.next_row)
        ]
        known = {number for _, number, _ in read if number is not None}
        found = self._people = contacts.by_numbers(session, self._account.id, known)
        agreed: set[str] | None = None
        if self._account.consent_required:
            agreed = consent.consenting(session, self._account, list(found.values()))
        for row, number, recipient in read:
            if number is not None:
                self._check(row, number, recipient, found.get(number), agreed)
        self.next_row += len(chunk)

    def write(self, session: Session, now: datetime) -> None:
        """Write the checked rows down, but for duplicates and numbers that must not be called."""
        listed = do_not_call.listed(session, self._account.id, [number for _, number, _ in self._fit], now)
        seen = self._numbers_in(session)
        # Ids in the order of the rows, for whoever lists by them.
        ids = sorted(new_id("call") for _ in self._fit)
        accepted: list[tuple[int, str, str, Recipient]] = []
        for call_id, (row, number, recipient) in zip(ids, self._fit, strict=True):
            if number in listed:
                self._reject(row, recipient, "do_not_call", "The number is on your do-not-call list.")
            elif number in seen:
                self._reject_duplicate(row, recipient, seen[number])
            else:
                accepted.append((row, call_id, number, recipient))
                if not self.batch.stays_open:
                    seen[number] = row
        self._store(session, accepted, now)

    def _numbers_in(self, session: Session) -> dict[str, int]:
        """Numbers that the batch has already; a schedule may call a number for several reasons."""
        if self.batch.stays_open:
            return {}
        return batch_rows.numbers_in(session, self.batch, [number for _, number, _ in self._fit])

    def _read(self, row: int, recipient: Recipient) -> str | None:
        """The row's number in E.164; None where the row can't be read, which is noted."""
        text = recipient.phone.strip()
        try:
            if recipient.error is not None:
                raise recipient.error
            if self._region is None:
                return numbers.read_e164(text, field="phone")
            return numbers.read_any(text, self._region, field="phone")
        except OutdialError as error:
            self._reject(row, recipient, error.code, error.message, field=error.field)
            return None

    def _check(
        self, row: int, number: str, recipient: Recipient, contact: Contact | None, agreed: set[str] | None
    ) -> None:
        try:
            check_variables(self._definition, recipient.variables, self._brief, people.told(contact))
            check_metadata(recipient.metadata)
            _check_external_id(recipient.external_id)
        except OutdialError as error:
            self._reject(row, recipient, error.code, error.message, field=error.field)
            return
        if agreed is not None and (contact is None or contact.id not in agreed):
            reason = "The account requires consent, and no contact with this number has given it."
            self._reject(row, recipient, consent.MISSING, reason, field="phone")
            return
        self._fit.append((row, number, recipient))

    def _reject_duplicate(self, row: int, recipient: Recipient, first: int) -> None:
        of = first - self._first_row if first >= self._first_row else None
        where = f"row {of}" if of is not None else "a recipient that the batch had already"
        self._reject(row, recipient, "duplicate", f"The same number as {where}.", duplicate_of=of)

    def _reject(self, row: int, recipient: Recipient, code: str, reason: str, **more: Any) -> None:
        index, phone, told = row - self._first_row, recipient.phone[:100], recipient.variables
        self._unfit.append(
            RejectedRow(index, recipient.line, phone, recipient.external_id, code, reason, told, **more)
        )

    def _store(
        self, session: Session, accepted: Sequence[tuple[int, str, str, Recipient]], now: datetime
    ) -> None:
        call, event = self._patterns = self._patterns or _patterns(self.batch, now)
        calls = [{**call, **self._own(*each)} for each in accepted]
        events = [{**event, "call_id": call_id} for _, call_id, _, _ in accepted]
        batch_rows.write(session, calls, events, [self._kept(row) for row in self._unfit])
        self._count(accepted)

    def _own(self, row: int, call_id: str, number: str, recipient: Recipient) -> dict[str, Any]:
        """What a call has that its neighbours may not have."""
        contact = self._people.get(number)
        zone = self.batch.timezone or (contact and contact.timezone)
        return {
            "id": call_id,
            "batch_row": row,
            "number": number,
            "contact_id": contact and contact.id,
            "variables": {**people.told(contact), **recipient.variables},
            "client_metadata": recipient.metadata,
            "external_id": recipient.external_id,
            **people.columns(contact),
            **recipient.person,
            "timezone": timezone_for(zone, number, self._account),
        }

    def _kept(self, row: RejectedRow) -> dict[str, Any]:
        of = None if row.duplicate_of is None else row.duplicate_of + self._first_row
        return {
            "account_id": self._account.id,
            "batch_id": self.batch.id,
            "batch_row": row.index + self._first_row,
            "line": row.line,
            "phone": _storable(row.phone),
            "external_id": row.external_id and _storable(row.external_id[:MAX_EXTERNAL_ID]),
            "variables": _keepable(row.variables),
            "code": row.code,
            "reason": row.reason,
            "duplicate_of": of,
        }

    def _count(self, accepted: Sequence[tuple[int, str, str, Recipient]]) -> None:
        taken = self.taken
        taken.accepted_count += len(accepted)
        taken.rejected_count += len(self._unfit)
        for row, call_id, number, recipient in accepted[: LISTED - len(taken.accepted)]:
            taken.accepted.append(AcceptedRow(row - self._first_row, call_id, number, recipient.external_id))
        taken.rejected += sorted(self._unfit, key=lambda row: row.index)[: LISTED - len(taken.rejected)]
        for _, _, _, recipient in accepted:
            self.variables.update(dict.fromkeys(recipient.variables))


def _patterns(batch: Batch, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that all calls of an upload have alike, and those of the first line of their timelines."""
    call = Call(
        account_id=batch.account_id,
        batch_id=batch.id,
        agent_id=batch.agent_id,
        agent_version_id=batch.agent_version_id,
        campaign_id=batch.campaign_id,
        schedule_id=batch.id if batch.stays_open else None,
        may_repeat=batch.stays_open,
        number="",
        caller_id=batch.caller_id,
        schedule_at=batch.schedule_at,
        due_at=max(batch.due_at, now),
        timezone="",
        max_duration_seconds=batch.max_duration_seconds,
        recording_enabled=batch.recording_enabled,
        trigger=batch.trigger,
        metadata_for_agent=batch.metadata_for_agent,
        test=batch.test,
        webhook_url=batch.webhook_url,
        created_at=now,
        updated_at=now,
    )
    event = CallEvent(account_id=batch.account_id, call_id="", type=EventType.CALL_SCHEDULED, at=now)
    return batch_rows.values_of(call), batch_rows.values_of(event)


def _check_external_id(external_id: str | None) -> None:
    if external_id is None:
        return
    check_storable(external_id, field="external_id")
    if len(external_id) > MAX_EXTERNAL_ID:
        raise Invalid(f"Expected at most {MAX_EXTERNAL_ID} characters.", field="external_id")


def _keepable(variables: dict[str, Any]) -> dict[str, Any]:
    try:
        check_values(variables)
    except Invalid:
        return {}
    return variables


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
