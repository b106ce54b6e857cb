"""Names shared by those who start work, those who signal it and those who do it."""

from typing import Literal

# Search attributes of a call's workflow. They are stored in clear: never a phone number.
STATUS = "OutdialStatus"
ACCOUNT = "OutdialAccount"
AGENT = "OutdialAgent"
BATCH = "OutdialBatch"

CallSignal = Literal["pause", "resume", "cancel", "reschedule", "carrier_event"]

# Dialling may have a queue of its own, so that workers near the carrier do nothing else.
DIALLING_QUEUE = "outdial-dialling"
DIAL = "dial"
LOOK_UP = "look_up"
HANG_UP = "hang_up"
CONVERSE = "converse"
CONCLUDE = "conclude"
EXTRACT = "extract"
FINISH = "finish"
NOTE = "note"
NOTIFY = "notify"

RECONCILE = "reconcile"
SWEEP_LINES = "sweep_lines"
MEND_DELIVERIES = "mend_deliveries"
FORGET = "forget"
FORGET_TRANSCRIPTS = "forget_transcripts"
FORGET_PAYLOADS = "forget_payloads"
TELL_REPORTS = "tell_reports"
WATCH_TALKS = "watch_talks"
KEEP_RECORDINGS = "keep_recordings"
DELETE_RECORDINGS = "delete_recordings"


# Webhooks have a queue of their own, so that a flood of them never delays a dial.
WEBHOOK_QUEUE = "outdial-webhooks"
DELIVER_WEBHOOK = "DeliverWebhook"
TRY_NOW = "try_now"
DELIVER = "deliver"

# Batches have a queue of their own: each occupies an activity for as long as it runs.
BATCH_QUEUE = "outdial-batches"
BATCH_WORKFLOW = "Batch"
BatchSignal = Literal["pause", "resume", "cancel", "appended", "changed"]
CHANGED = "changed"
PROCEED = "proceed"
READ_BATCH = "read_batch"
FILL = "fill"
NOTE_BATCH = "note_batch"
END_CALLS = "end_calls"
CLOSE_BATCH = "close_batch"
MEND_BATCHES = "mend_batches"
