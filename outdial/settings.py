"""Settings: every one is an environment variable with the prefix ``OUTDIAL_``, documented here only."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How one installation runs. Durations are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="OUTDIAL_", env_file=".env", extra="ignore")

    data: Path = Field(
        default=Path("data"), description="Folder for the embedded database files, keys and recordings."
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy address; unset means SQLite in the data folder."
    )
    database_pool: int = Field(
        default=10, gt=0, description="How many connections to the database one process keeps open."
    )
    database_overflow: int = Field(
        default=10, ge=0, description="How many more it may open for a moment when those are all in use."
    )
    database_pool_wait: float = Field(
        default=10, gt=0, description="How long work may wait for one of them before it fails."
    )
    database_connect_timeout: int = Field(
        default=5, gt=0, description="How long connecting to PostgreSQL may take, in whole seconds."
    )
    database_statement_timeout: float = Field(
        default=60,
        ge=0,
        description="PostgreSQL cuts a statement that takes longer; 0: the server's own limit.",
    )
    database_lock_timeout: float = Field(
        default=10,
        ge=0,
        description="PostgreSQL cuts a statement that waits longer for a lock; 0: the server's own.",
    )
    database_idle_timeout: float = Field(
        default=60,
        ge=0,
        description="PostgreSQL cuts a transaction that stands still for longer; 0: its own.",
    )
    sqlite_busy_timeout: float = Field(
        default=30, gt=0, description="How long a writer waits for SQLite's one write lock."
    )

    temporal_port: int = Field(default=7233, description="Where `outdial up` runs its own Temporal server.")
    ui_port: int = Field(default=8233, description="Where that server's UI is.")
    temporal_address: str = Field(
        default_factory=lambda others: f"127.0.0.1:{others['temporal_port']}",
        description="The Temporal to use. Set, `outdial up` starts none of its own.",
    )
    temporal_namespace: str = Field(
        default="default", description="The namespace there; `outdial setup` makes it where it may."
    )
    temporal_retention_days: int = Field(
        default=3, ge=1, description="How long Temporal keeps the histories of workflows that have ended."
    )
    temporal_tls: bool | None = Field(
        default=None,
        description="Speak TLS with Temporal; unset: where a certificate, a name or an API key is set.",
    )
    temporal_tls_ca: Path | None = Field(
        default=None, description="File with the authorities that Temporal's certificate is checked by."
    )
    temporal_tls_cert: Path | None = Field(
        default=None, description="File with the certificate that we show to Temporal."
    )
    temporal_tls_key: Path | None = Field(default=None, description="File with that certificate's key.")
    temporal_tls_server_name: str | None = Field(
        default=None, description="The name in Temporal's certificate, where it is not the address's."
    )
    temporal_api_key: SecretStr | None = Field(
        default=None, description="The key that a hosted Temporal asks for."
    )
    temporal_ui_url: str = Field(
        default_factory=lambda others: f"http://127.0.0.1:{others['ui_port']}",
        description="Where operators open the Temporal UI.",
    )
    task_queue: str = Field(default="outdial", description="The task queue of calls' workflows.")
    dialling_apart: bool = Field(
        default=True,
        description="Dial and talk on a task queue of their own, for workers that do only `dialling`.",
    )
    payload_keys: SecretStr | None = Field(
        default=None,
        description="Comma-separated Fernet keys that encrypt Temporal payloads, newest first; unset: plain.",
    )

    api_key: SecretStr | None = Field(
        default=None, description="The key that `outdial up` makes known; unset: one is made and printed."
    )
    codec_token: SecretStr | None = Field(
        default=None,
        description="What the Temporal UI must send to see decrypted payloads; unset: this machine only.",
    )

    api_host: str = "127.0.0.1"
    api_port: int = 8000
    public_url: str | None = Field(
        default=None, description="The API's address as others reach it; unset: host and port."
    )
    max_requests: int = Field(
        default=200,
        gt=0,
        description="Requests that one API process answers at once; more are told to come again, by 503.",
    )
    max_body_bytes: int = Field(default=1_048_576, gt=0, description="The largest request body that is read.")
    max_list_bytes: int = Field(
        default=16_777_216, gt=0, description="The largest body that lists recipients, as JSON."
    )
    max_upload_bytes: int = Field(default=104_857_600, gt=0, description="The largest file of recipients.")
    secret_keys: SecretStr | None = Field(
        default=None,
        description="Comma-separated Fernet keys for secrets at rest, newest first; unset: a file in data.",
    )

    carrier: str = Field(default="simulated", description="Who dials: simulated or twilio.")
    twilio_account_sid: str = Field(default="", description="Twilio's name for your account: AC….")
    twilio_auth_token: SecretStr | None = Field(
        default=None, description="That account's auth token; it also proves that callbacks are Twilio's."
    )
    twilio_api_url: str | None = Field(
        default=None, description="A server that stands in for Twilio's API; unset: Twilio itself."
    )
    twilio_timeout: float = Field(
        default=15, gt=0, description="How long one request to Twilio may take; less than dial_timeout."
    )
    twilio_machine_detection: bool = Field(
        default=True, description="Let Twilio find out whether a machine answered; it charges for it."
    )
    twilio_max_queue: float = Field(
        default=20,
        gt=0,
        description="A dial that Twilio would keep in its own queue for longer is cancelled.",
    )
    twilio_settle: float = Field(
        default=30,
        gt=0,
        description="How long after the last moment to dial Twilio may not list the call yet.",
    )
    twilio_tts_provider: str | None = Field(default=None, description="Who speaks; unset: Twilio's default.")
    twilio_transcription_provider: str | None = Field(
        default=None, description="Who understands speech; unset: Twilio's default."
    )
    calls_per_second: float = Field(
        default=1, gt=0, description="How many dials a second Twilio takes from your account."
    )
    unsettled_for: float = Field(
        default=600,
        gt=0,
        description="How long a dial of unknown fate is looked for before it ends as unknown.",
    )
    initial_silence_timeout: float = Field(
        default=8, gt=0, description="How long a callee may say nothing before the agent asks again."
    )
    talk_lost_after: float = Field(
        default=20, gt=0, description="A conversation whose process is silent for so long is lost."
    )
    media_store: str | None = Field(
        default=None, description="Where recordings are kept, as an fsspec address; unset: the data folder."
    )
    media_retention_days: float = Field(
        default=90, ge=0, description="How long recordings are kept, here and at the carrier; 0: for ever."
    )
    transcript_retention_days: float = Field(
        default=365, ge=0, description="How long it is kept what was said in a call; 0: for ever."
    )
    payload_retention_days: float = Field(
        default=30, ge=0, description="How long webhooks and carriers' reports are kept; 0: for ever."
    )
    simulated_speed: float = Field(
        default=1.0, gt=0, description="How much faster than life simulated people ring and talk."
    )
    simulated_mix: str | None = Field(
        default=None,
        description="Who picks up: personas and weights such as book=60,refuse=10,busy=10; unset: all book.",
    )
    simulated_seed: int = Field(
        default=0, description="With simulated_mix: another seed deals the personas out anew."
    )
    default_caller_id: str = "+15005550006"
    ring_timeout: float = Field(
        default=45, gt=0, description="How long a phone may ring before the dial is given up."
    )
    dial_timeout: float = Field(
        default=30, gt=0, description="How long asking the carrier may take before it is looked up."
    )
    silence_grace: float = Field(
        default=15, gt=0, description="What a carrier may lag behind a phase's limit before a look-up."
    )
    heartbeat_timeout: float = Field(
        default=10, gt=0, description="How soon a lost worker is noticed in a conversation."
    )
    line_poll: float = Field(
        default=1, gt=0, description="How soon a call that comes too fast for the carrier asks again."
    )

    openai_api_key: SecretStr | None = Field(
        default=None, description="Unset: the environment's OPENAI_API_KEY."
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None, description="Unset: the environment's ANTHROPIC_API_KEY."
    )
    model_base_url: str | None = Field(
        default=None,
        description="An OpenAI-compatible server that answers for `openai:` models instead of OpenAI.",
    )
    model_api_key: SecretStr | None = Field(
        default=None, description="The key for model_base_url, if it wants one."
    )
    model_timeout: float = Field(
        default=20, gt=0, description="How long a model may take for one turn of talk."
    )
    extraction_timeout: float = Field(
        default=60, gt=0, description="How long a model may take to read a finished talk."
    )

    support_contact: str = Field(
        default="the operator of this Outdial",
        description="Whom to ask to have outbound calling enabled, as errors say it.",
    )
    rate_limit: str = Field(
        default="30000/minute",
        description="Requests that one key may make, such as 100/second or 5000/hour; empty: any number.",
    )
    rate_limit_storage: str = Field(
        default="memory://",
        description="Where requests are counted, an address for the library limits; memory: per API process.",
    )
    max_schedule_days: int = Field(default=365, gt=0, description="How far ahead a call may be scheduled.")
    default_max_duration: int = 900
    longest_max_duration: int = 14_400

    webhook_allow_loopback: bool = Field(
        default=False, description="Let webhooks reach this machine; for development only."
    )
    webhook_timeout: float = Field(
        default=30, gt=0, le=60, description="How long one try of a webhook may take in all."
    )
    webhook_rotation: float = Field(
        default=86_400, ge=0, description="How long a rotated secret still signs, beside the new."
    )
    link_lifetime: float = Field(
        default=604_800, gt=0, description="How long transcript and recording links work."
    )
    idempotency_lifetime: float = Field(default=86_400, gt=0)
    oauth_token_lifetime: int = Field(
        default=3_600, ge=60, le=3_600, description="How long an OAuth access token opens anything."
    )

    drain: float = Field(
        default=20,
        ge=0,
        description="How long a process that is told to stop lets live conversations and requests end.",
    )
    worker_workflow_tasks: int = Field(
        default=40, ge=2, description="How many workflow tasks a worker runs at once, of each kind."
    )
    worker_cache: int = Field(
        default=1000, ge=0, description="How many workflows a worker keeps in memory, of each kind."
    )
    worker_workflow_pollers: int = Field(
        default=5, ge=2, description="How many requests for workflow tasks it keeps open, of each kind."
    )
    worker_activity_pollers: int = Field(
        default=5, ge=1, description="How many requests for activities it keeps open, of each kind."
    )
    worker_calls_slots: int = Field(
        default=40, gt=0, description="How many activities of calls a worker runs at once."
    )
    worker_dialling_slots: int = Field(
        default=100, gt=0, description="How many dials and talks it runs at once, where they are apart."
    )
    worker_batches_slots: int = Field(
        default=500, gt=0, description="How many batches it runs at once; each mostly sleeps."
    )
    worker_webhooks_slots: int = Field(
        default=500, gt=0, description="How many webhooks it delivers at once; most wait for receivers."
    )
    worker_dialling_rate: float | None = Field(
        default=None, gt=0, description="Dials and talks begun a second by all workers, where they are apart."
    )
    worker_webhooks_rate: float | None = Field(
        default=None, gt=0, description="Webhooks tried a second by all workers."
    )
    worker_alive_file: Path | None = Field(
        default=None, description="A file that a worker touches every few seconds while it works."
    )

    metrics_token: SecretStr | None = Field(
        default=None,
        description="What Prometheus must send to `GET /metrics` of the API; unset: this machine only.",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", description="Where a worker serves its metrics, to whoever reaches it."
    )
    worker_metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="The port of that, one a worker; 0: it serves none."
    )

    log_json: bool = Field(default=False, description="Logs as JSON lines; else readable on a terminal.")
    log_level: str = "INFO"

    @property
    def database(self) -> str:
        """The database's address, the embedded SQLite file by default."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'outdial.db'}"

    @property
    def base_url(self) -> str:
        """The API's address for links that others open, without a slash at the end."""
        return (self.public_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once from the environment."""
    return Settings()
