"""What Temporal's SDK measures of itself, handed on with our own metrics so that a process has one port for both."""

import socket
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import structlog
from prometheus_client import REGISTRY, Metric, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from outdial.settings import Settings

HOST = "127.0.0.1"
TRIES = 5
# Nobody but us reads there, and it answers from memory.
ANSWER_WITHIN = 2.0


_log = structlog.get_logger(__name__)


def serve_metrics(settings: Settings) -> Runtime | None:
    """Serve this process's metrics where the settings say so; the runtime whose metrics are among them.

    A port that is taken is no reason not to work: it is logged.
    """
    if not settings.worker_metrics_port:
        return None
    sdk = SdkMetrics()
    REGISTRY.register(sdk)
    try:
        start_http_server(settings.worker_metrics_port, settings.worker_metrics_host)
    except OSError as error:
        _log.error("metrics.not_served", port=settings.worker_metrics_port, error=str(error))
    return sdk.runtime


class SdkMetrics(Collector):
    """A runtime for clients and workers, whose metrics can be collected. Raises RuntimeError without a free port."""

    def __init__(self) -> None:
        self.runtime, self._port = _measured_runtime()
        # No proxy stands between a process and itself.
        self._opener = build_opener(ProxyHandler({}))

    def describe(self) -> list[Metric]:
        # So that registering reads nothing.
        return []

    def collect(self) -> Iterator[Metric]:
        """The SDK's metrics as they are now; none where it does not answer."""
        try:
            with self._opener.open(f"http://{HOST}:{self._port}/metrics", timeout=ANSWER_WITHIN) as answer:
                text = answer.read().decode()
        except (URLError, TimeoutError):
            return
        yield from text_string_to_metric_families(text)


def _measured_runtime() -> tuple[Runtime, int]:
    # Another process may take the port between our looking and the SDK's.
    for _ in range(TRIES - 1):
        try:
            return _listening_at(_free_port())
        except (RuntimeError, ValueError):
            continue
    return _listening_at(_free_port())


def _listening_at(port: int) -> tuple[Runtime, int]:
    config = PrometheusConfig(
        bind_address=f"{HOST}:{port}",
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
    )
    return Runtime(telemetry=TelemetryConfig(metrics=config)), port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
