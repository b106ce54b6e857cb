"""The remote codec: lets the Temporal UI and command line show payloads that are stored encrypted."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import JSONResponse, Response
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from api.deps import SettingsDep
from api.operators import require_operator
from engine.connection import data_converter
from outdial.errors import Invalid, NotFound
from outdial.settings import Settings

_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"description": "Whoever asks is not the operator."},
    404: {"description": "Payloads are not encrypted here."},
}

router = APIRouter(prefix="/v1/codec", tags=["operation"])


def _operator(request: Request, settings: SettingsDep) -> None:
    """Whoever decodes sees every account's payloads: by the operators' token, or, without one, from this machine."""
    require_operator(request, settings.codec_token, "OUTDIAL_CODEC_TOKEN")


PayloadsBody = Annotated[dict[str, Any], Body(examples=[{"payloads": []}])]


@router.options("/{direction}", include_in_schema=False)
def preflight(direction: str, settings: SettingsDep) -> Response:
    """The Temporal UI is another origin and asks first."""
    return Response(status_code=204, headers=_cross_origin(settings))


@router.post("/encode", dependencies=[Depends(_operator)], summary="Encrypt payloads", responses=_REFUSED)
async def encode(body: PayloadsBody, settings: SettingsDep) -> Response:
    """Temporal's remote codec protocol: `{"payloads": […]}` in and out."""
    codec = _codec(settings)
    return _answer(await codec.encode(_payloads(body).payloads), settings)


@router.post("/decode", dependencies=[Depends(_operator)], summary="Decrypt payloads", responses=_REFUSED)
async def decode(body: PayloadsBody, settings: SettingsDep) -> Response:
    """Temporal's remote codec protocol: `{"payloads": […]}` in and out."""
    codec = _codec(settings)
    try:
        return _answer(await codec.decode(_payloads(body).payloads), settings)
    except RuntimeError as error:
        raise Invalid(f"{error}.".capitalize(), field="payloads") from error


def _codec(settings: Settings) -> PayloadCodec:
    codec = data_converter(settings).payload_codec
    if codec is None:
        raise NotFound("Payloads are not encrypted here: OUTDIAL_PAYLOAD_KEYS is not set.")
    return codec


def _payloads(body: dict[str, Any]) -> Payloads:
    try:
        return ParseDict(body, Payloads())
    except (ParseError, ValueError, TypeError) as error:
        raise Invalid("Expected Temporal payloads in their JSON form.", field="payloads") from error


def _answer(payloads: list[Payload], settings: Settings) -> Response:
    return JSONResponse(MessageToDict(Payloads(payloads=payloads)), headers=_cross_origin(settings))


def _cross_origin(settings: Settings) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": settings.temporal_ui_url.rstrip("/"),
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "authorization, content-type, x-namespace",
        "Access-Control-Allow-Credentials": "true",
    }
