"""Idempotency-Key: the same request under the same key is done once and answered alike."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header
from fastapi.responses import Response
from psycopg.errors import LockNotAvailable
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from api.auth import Principal
from api.deps import DatabaseDep, PrincipalDep, SettingsDep
from outdial.errors import Conflict, Invalid
from outdial.models import IdempotentRequest
from outdial.models.base import utc_now
from outdial.store.database import Database
from outdial.store.idempotency import claim, complete, free, kept_answer

REPLAYED = "Idempotent-Replayed"
# Work in steps that has not ended by then was left by a process that has died.
ABANDONED = timedelta(minutes=15)

Settle = Callable[[Session, BaseModel], None]

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key and body within 24 hours give the same answer, and the work is done once.",
    ),
]


class KeyReused(Invalid):
    """The key belongs to a request with another body."""

    code = "idempotency_key_reused"


@dataclass(frozen=True)
class Once:
    """Does work at most once for a key; without a key, each time."""

    database: Database
    principal: Principal
    lifetime: timedelta
    key: str | None

    def answer(
        self, operation: str, request: BaseModel, work: Callable[[Session], BaseModel], *, status: int
    ) -> Response:
        """Do ``work`` in one transaction with the note that it is done, or repeat the earlier answer.

        Raises KeyReused for another request under this key, Conflict where the first takes too long.
        Work that raises leaves the key free.
        """
        if self.key is None:
            with self.database.write() as session:
                return _json(work(session).model_dump_json(), status)
        digest = hashlib.sha256(f"{operation}\n{request.model_dump_json()}".encode()).hexdigest()
        try:
            return self._answer(digest, work, status)
        except IntegrityError:
            # The key was taken between our look and our claim; that request is done now.
            return self._answer(digest, work, status)
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise _in_flight() from error
            raise

    def _answer(self, digest: str, work: Callable[[Session], BaseModel], status: int) -> Response:
        account_id, now = self.principal.account.id, utc_now()
        assert self.key is not None
        with self.database.write() as session:
            kept = kept_answer(session, account_id, self.key, now, self.lifetime)
            if kept is not None:
                return _replay(kept, digest)
            row = claim(session, account_id, self.key, digest, now)
            row.body, row.status_code = work(session).model_dump_json(), status
            session.add(row)
        return _json(row.body, status)

    def answer_in_steps(
        self, operation: str, request: str, work: Callable[[Settle], BaseModel], *, status: int
    ) -> Response:
        """The same for work that takes several transactions, the last of which calls ``Settle``.

        ``request`` is what was asked, or a digest of it. Raises KeyReused, and Conflict while the first request
        is being answered; a request that died is forgotten after ``ABANDONED``.
        """
        if self.key is None:
            return _json(work(lambda _session, _answer: None).model_dump_json(), status)
        digest = hashlib.sha256(f"{operation}\n{request}".encode()).hexdigest()
        try:
            kept = self._take_key(digest)
        except IntegrityError:
            kept = self._take_key(digest)
        if kept is not None:
            return _replay(kept, digest)
        try:
            return _json(work(self._settle(status)).model_dump_json(), status)
        except BaseException:
            with self.database.write() as session:
                free(session, self.principal.account.id, self.key)
            raise

    def _take_key(self, digest: str) -> IdempotentRequest | None:
        """The answer that was given under this key; None: the key is ours, for work that begins now."""
        account_id, key, now = self.principal.account.id, self.key, utc_now()
        assert key is not None
        with self.database.write() as session:
            kept = kept_answer(session, account_id, key, now, self.lifetime)
            if kept is not None and kept.status_code is None and kept.created_at <= now - ABANDONED:
                free(session, account_id, key)
                kept = None
            if kept is None:
                claim(session, account_id, key, digest, now)
        return kept

    def _settle(self, status: int) -> Settle:
        def settle(session: Session, answer: BaseModel) -> None:
            assert self.key is not None
            complete(session, self.principal.account.id, self.key, status, answer.model_dump_json())

        return settle


def _once(database: DatabaseDep, principal: PrincipalDep, settings: SettingsDep, key: _Key = None) -> Once:
    return Once(database, principal, timedelta(seconds=settings.idempotency_lifetime), key)


OnceDep = Annotated[Once, Depends(_once)]


def _replay(kept: IdempotentRequest, digest: str) -> Response:
    if kept.request_hash != digest:
        raise KeyReused("This key was used for another request.", field="Idempotency-Key")
    if kept.body is None or kept.status_code is None:
        raise _in_flight()
    return _json(kept.body, kept.status_code, {REPLAYED: "true"})


def _in_flight() -> Conflict:
    message = "The first request with this key is still being answered. Try again shortly."
    return Conflict(message, code="in_flight")


def _json(body: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")
