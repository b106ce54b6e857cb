"""Webhooks: endpoints, what was delivered to them, payloads, and delivering again."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dashboard.access import Form, FormDep
from api.dashboard.live import live
from api.dashboard.views import AdminViewDep, OperatorViewDep, View, ViewDep
from api.deps import DatabaseDep, GatewayDep, PageDep, SecretBoxDep, SettingsDep
from api.paging import Page, read_page
from api.webhooks.endpoints import MOST
from outdial.errors import Conflict, LimitReached, OutdialError
from outdial.models import Delivery, DeliveryState, WebhookEndpoint
from outdial.store import deliveries, webhooks
from outdial.store.database import Database
from outdial.store.deliveries import DeliveryFilter
from outdial.store.lines import lock_account
from outdial.store.scope import get
from outdial.webhooks import endpoints
from outdial.webhooks.delivery import ask_again, why_not
from outdial.webhooks.events import SUBSCRIBABLE, EventType, publish_test
from outdial.webhooks.urls import check_url

router = APIRouter()

HERE = "/dashboard/webhooks"
SHOWN = 25
_Text = Annotated[str, Query(max_length=200)]


@router.get("/webhooks")
def list_endpoints(view: ViewDep, database: DatabaseDep) -> Response:
    """Every endpoint, and the latest deliveries."""
    return _list(view, database, _values(), None)


@router.post("/webhooks")
def create(
    view: AdminViewDep, form: FormDep, database: DatabaseDep, box: SecretBoxDep, settings: SettingsDep
) -> Response:
    """Add an endpoint and show its secret, this once."""
    values = _values(form)
    try:
        url = check_url(values["url"], allow_loopback=settings.webhook_allow_loopback)
        with database.write() as session:
            lock_account(session, view.account_id)
            kept = webhooks.count(session, view.account_id)
            if kept >= MOST:
                raise LimitReached(f"An account has at most {MOST} webhook endpoints.")
            made: dict[str, Any] = {
                "events": values["events"],
                "description": values["description"],
                "box": box,
            }
            endpoint, secret = endpoints.create(session, view.account_id, url, **made)
    except OutdialError as error:
        return _list(view, database, values, error)
    return _endpoint(view, database, endpoint.id, secret=secret)


@router.get("/webhooks/{endpoint_id}")
def show(endpoint_id: str, view: ViewDep, database: DatabaseDep) -> Response:
    """One endpoint and its deliveries."""
    return _endpoint(view, database, endpoint_id)


@router.post("/webhooks/{endpoint_id}")
def change(
    endpoint_id: str, view: AdminViewDep, form: FormDep, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """Another address, other events."""
    values = _values(form)
    try:
        with database.write() as session:
            endpoint = webhooks.load(session, view.account_id, endpoint_id)
            endpoint.url = check_url(values["url"], allow_loopback=settings.webhook_allow_loopback)
            endpoint.events, endpoint.description = values["events"], values["description"]
            session.add(endpoint)
    except OutdialError as error:
        return _endpoint(view, database, endpoint_id, values=values, error=error)
    return view.go(f"{HERE}/{endpoint_id}", "Saved.")


@router.post("/webhooks/{endpoint_id}/rotate")
def rotate(
    endpoint_id: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep, box: SecretBoxDep
) -> Response:
    """A new secret, shown this once."""
    with database.write() as session:
        endpoint = webhooks.load(session, view.account_id, endpoint_id)
        overlap = view.settings.webhook_rotation
        secret = endpoints.rotate_secret(endpoint, box=box, now=view.now, overlap=overlap)
    return _endpoint(view, database, endpoint_id, secret=secret)


@router.post("/webhooks/{endpoint_id}/test")
def send_test(
    endpoint_id: str, view: OperatorViewDep, _form: FormDep, database: DatabaseDep, gateway: GatewayDep
) -> Response:
    """Send a test event and show its delivery."""
    with database.write() as session:
        endpoint = webhooks.load(session, view.account_id, endpoint_id)
        if endpoint.disabled_at is not None:
            raise Conflict("The endpoint is disabled. Enable it first.")
        delivery = publish_test(session, endpoint, view.now)
    gateway.start_deliveries([delivery.id])
    return view.go(f"/dashboard/deliveries/{delivery.id}", "The test is on its way.")


@router.post("/webhooks/{endpoint_id}/{state}")
def switch(
    endpoint_id: str, state: str, view: AdminViewDep, _form: FormDep, database: DatabaseDep
) -> Response:
    """Enable, disable or delete."""
    with database.write() as session:
        endpoint = webhooks.load(session, view.account_id, endpoint_id)
        said = _switched(endpoint, state, view)
        session.add(endpoint)
    return view.go(HERE if state == "delete" else f"{HERE}/{endpoint_id}", said)


@router.get("/deliveries")
def list_deliveries(
    view: ViewDep,
    database: DatabaseDep,
    page: PageDep,
    state: _Text = "",
    event: _Text = "",
    endpoint: _Text = "",
) -> Response:
    """Newest first."""
    wanted = DeliveryFilter(
        state=DeliveryState(state) if state in set(DeliveryState) else None,
        event_type=event if event in set(EventType) else None,
        endpoint_id=endpoint or None,
    )
    with database.read() as session:
        rows, following = read_page(session, deliveries.matching(view.account_id, wanted), Delivery, page)
    asked = {"state": state, "event": event, "endpoint": endpoint}
    choices: dict[str, Any] = {"states": list(DeliveryState), "events": list(EventType)}
    return view.page(
        "deliveries.html",
        deliveries=rows,
        following=following,
        first=page.after is not None,
        asked=asked,
        **choices,
    )


@router.get("/deliveries/{delivery_id}")
def show_delivery(delivery_id: str, view: ViewDep, database: DatabaseDep) -> Response:
    """What was sent, and every answer."""
    return view.page("delivery.html", **_delivered(view, database, delivery_id))


@router.get("/deliveries/{delivery_id}/live")
def stream(delivery_id: str, view: ViewDep, request: Request, database: DatabaseDep) -> Response:
    """The same while it is tried."""

    def render() -> tuple[str, bool]:
        fresh = View(request, view.visitor)
        shown = _delivered(fresh, database, delivery_id)
        return fresh.render("delivery_live.html", **shown), shown[
            "delivery"
        ].state is not DeliveryState.PENDING

    _delivered(view, database, delivery_id)
    return live(view, database, render)


@router.post("/deliveries/{delivery_id}/again")
def deliver_again(
    delivery_id: str, view: OperatorViewDep, _form: FormDep, database: DatabaseDep, gateway: GatewayDep
) -> Response:
    """Deliver it once more, whatever came of it."""
    page = f"/dashboard/deliveries/{delivery_id}"
    with database.write() as session:
        delivery = get(session, view.account_id, Delivery, delivery_id)
        reason = why_not(session, delivery)
        if reason is None:
            ask_again(delivery, view.now)
            session.add(delivery)
    if reason is not None:
        return view.go(page, reason, wrong=True)
    gateway.redeliver(delivery_id)
    return view.go(page, "It is being delivered again.")


def _delivered(view: View, database: Database, delivery_id: str) -> dict[str, Any]:
    with database.read() as session:
        delivery = get(session, view.account_id, Delivery, delivery_id)
        return {"delivery": delivery, "tries": deliveries.tries_of(session, delivery)}


def _values(form: Form | None = None) -> dict[str, Any]:
    """The fields of an endpoint's form."""
    if form is None:
        return {"url": "", "description": "", "events": []}
    events = [event for event in form.several("events") if event in set(SUBSCRIBABLE)]
    return {"url": form.text("url"), "description": form.text("description")[:500], "events": events}


def _switched(endpoint: WebhookEndpoint, state: str, view: View) -> str:
    if state == "enable":
        endpoints.enable(endpoint)
        return "The endpoint gets events again."
    if state == "disable":
        endpoints.disable(endpoint, "Disabled by a member.", view.now)
        return "Nothing more is sent to this endpoint."
    if state == "delete":
        endpoint.deleted_at = view.now
        return "The endpoint is deleted."
    raise Conflict("There is no such action.")


def _list(view: View, database: Database, values: dict[str, Any], error: OutdialError | None) -> Response:
    with database.read() as session:
        rows, _ = read_page(session, webhooks.kept(view.account_id), WebhookEndpoint, Page(MOST))
        latest, _ = read_page(
            session, deliveries.matching(view.account_id, DeliveryFilter()), Delivery, Page(SHOWN)
        )
    status = 422 if error else 200
    shown: dict[str, Any] = {"endpoints": rows, "deliveries": latest, "events": SUBSCRIBABLE}
    return view.page("webhooks.html", status=status, values=values, error=error, **shown)


def _endpoint(
    view: View,
    database: Database,
    endpoint_id: str,
    *,
    secret: str | None = None,
    values: dict[str, Any] | None = None,
    error: OutdialError | None = None,
) -> Response:
    with database.read() as session:
        endpoint = webhooks.load(session, view.account_id, endpoint_id)
        wanted = deliveries.matching(view.account_id, DeliveryFilter(endpoint_id=endpoint_id))
        latest, _ = read_page(session, wanted, Delivery, Page(SHOWN))
    values = values or endpoint.model_dump(include={"url", "description", "events"})
    status = 422 if error else 200
    shown: dict[str, Any] = {"endpoint": endpoint, "deliveries": latest, "events": SUBSCRIBABLE}
    return view.page("webhook.html", status=status, secret=secret, values=values, error=error, **shown)
