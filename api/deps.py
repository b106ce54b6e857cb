"""What endpoints ask for: settings, database, principal, gateway, a page's cursor."""

from typing import Annotated

from fastapi import Depends, Query, Request

from api.auth import Principal, authenticate
from api.gateway import Gateway
from api.paging import MAX_LIMIT, Page, read_cursor
from api.starting import Starter
from outdial.links import Links
from outdial.secrets import SecretBox
from outdial.settings import Settings
from outdial.store.database import Database


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _database(request: Request) -> Database:
    return request.app.state.database


def _gateway(request: Request) -> Gateway:
    return request.app.state.gateway


def _links(request: Request) -> Links:
    return request.app.state.links


def _secrets(request: Request) -> SecretBox:
    return request.app.state.secrets


def _starter(request: Request) -> Starter:
    return request.app.state.starter


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
LinksDep = Annotated[Links, Depends(_links)]
SecretBoxDep = Annotated[SecretBox, Depends(_secrets)]
StarterDep = Annotated[Starter, Depends(_starter)]
PageDep = Annotated[Page, Depends(_page)]
