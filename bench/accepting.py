"""`python -m bench.accepting FILE AGENT`: takes a file in as a batch, in a process whose memory is read."""

import json
import re
import sys
import time
from pathlib import Path

from outdial.batches.files import RecipientFile
from outdial.batches.intake import BatchIntake
from outdial.batches.request import BatchRequest
from outdial.models import Agent
from outdial.settings import get_settings
from outdial.store.accounts import all_accounts
from outdial.store.database import Database
from outdial.store.scope import get

KIBIBYTES_PER_MEGABYTE = 1_000_000 / 1024


def main(path: Path, agent_id: str) -> None:
    """Prints rows, seconds and the process's largest memory in MB as JSON. The batch is due in a month."""
    settings = get_settings()
    database = Database(settings.database)
    with database.read() as session:
        account = all_accounts(session)[0]
        agent = get(session, account.id, Agent, agent_id)
    request = BatchRequest(agent_id=agent.id, name="a large file")
    with path.open("rb") as opened:
        began = time.perf_counter()
        file = RecipientFile(opened)
        taken = BatchIntake(database, settings).create(account, request, file.recipients(file.mapping()))
        seconds = time.perf_counter() - began
    memory = _most_memory() / KIBIBYTES_PER_MEGABYTE
    print(json.dumps({"rows": taken.accepted_count, "seconds": seconds, "megabytes": memory}))


def _most_memory() -> int:
    """This process's largest memory, in KiB. ``getrusage`` would also count the parent that it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
