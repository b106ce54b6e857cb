"""What endpoints ask for: settings, database, principal, gateway, a page's cursor."""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.auth import Principal, authenticate
from api.gateway import Gateway
from api.paging import MAX_LIMIT, Page, read_cursor
from outdial.settings import Settings
from outdial.store.database import Database


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _database(request: Request) -> Database:
    return request.app.state.database


def _gateway(request: Request) -> Gateway:
    return request.app.state.gateway


def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many to return.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the last page.")
    ] = None,
) -> Page:
    return Page(limit, read_cursor(cursor) if cursor else None)


SettingsDep = Annotated[Settings, Depends(_settings)]
DatabaseDep = Annotated[Database, Depends(_database)]
PrincipalDep = Annotated[Principal, Depends(authenticate)]
GatewayDep = Annotated[Gateway, Depends(_gateway)]
PageDep = Annotated[Page, Depends(_page)]
