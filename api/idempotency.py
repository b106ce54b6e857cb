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
from outdial.store.idempotency import claim, kept_answer

REPLAYED = "Idempotent-Replayed"

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
                message = "The first request with this key is still being answered. Try again shortly."
                raise Conflict(message, code="in_flight") from error
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


def _once(database: DatabaseDep, principal: PrincipalDep, settings: SettingsDep, key: _Key = None) -> Once:
    return Once(database, principal, timedelta(seconds=settings.idempotency_lifetime), key)


OnceDep = Annotated[Once, Depends(_once)]


def _replay(kept: IdempotentRequest, digest: str) -> Response:
    if kept.request_hash != digest:
        raise KeyReused("This key was used for another request.", field="Idempotency-Key")
    assert kept.body is not None
    assert kept.status_code is not None
    return _json(kept.body, kept.status_code, {REPLAYED: "true"})


def _json(body: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")
