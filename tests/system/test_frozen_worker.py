"""A worker that stands still while another takes over, and then goes on as if nothing had happened."""

from pathlib import Path

import pytest

from outdial.vocabulary import Disposition
from tests.running import BOOKS
from tests.system.marks import ON_SQLITE
from tests.system.stand import standing, until
from tests.system.whole import assert_whole

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@ON_SQLITE
async def test_a_dial_that_comes_too_late_is_not_made(tmp_path: Path, database_url: str) -> None:
    """Between intent and carrier one worker freezes; the other proves the dial absent and dials anew, once."""
    async with standing(tmp_path, database_url) as stand:
        call = stand.record(BOOKS)
        stand.stalls.write({call.id: "before carrier"})
        stand.stalling.start()
        await stand.start([call])
        await stand.standing([call])
        stand.stalls.write({})
        stand.worker.start()
        await until(lambda: len(stand.seen.attempts(call)) > 1, "the other worker dials anew")
        stand.stalls.release()
        await stand.ended([call])
        assert_whole(stand, call, "late")
        assert stand.seen.attempts(call)[0].disposition is Disposition.NOT_PLACED
