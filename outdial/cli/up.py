"""`outdial up`: the stack until Ctrl-C."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from outdial.cli.access import FirstAccount
from outdial.cli.console import err, out, show_line
from outdial.cli.stack import Stack, running
from outdial.settings import Settings


async def stay_up(settings: Settings) -> None:
    """Run the stack and say where it is, until cancelled."""
    err.print("Starting Temporal, the API and a worker…")
    async with running(Stack(settings, show_line), FirstAccount()) as stack:
        show_places(stack)
        await asyncio.Event().wait()


def show_places(stack: Stack) -> None:
    """Where everything is."""
    settings = stack.settings
    out.print("\n[bold]Outdial is up.[/bold] Ctrl-C stops it; `make up` goes on where it was.\n")
    if stack.first_run:
        out.print(f"  first run    {stack.first_run}", soft_wrap=True)
        out.print("               makes the first admin of the dashboard, once")
    else:
        out.print(f"  dashboard    {settings.base_url}/dashboard")
    out.print(f"  API          {settings.base_url}")
    out.print(f"  its docs     {settings.base_url}/docs")
    out.print(f"  Temporal UI  {settings.temporal_ui_url}")
    out.print(f"  metrics      {settings.base_url}/metrics, the worker's at port {stack.metrics_port}")
    out.print(f"  API key      {stack.key}")
    out.print(f"  data         {settings.data.absolute()}, logs in logs/\n")


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run it; Ctrl-C and SIGTERM cancel it, so that it can put things away."""

    async def main() -> None:
        task = asyncio.current_task()
        assert task
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await work

    try:
        asyncio.run(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        err.print("Stopped.")
