"""Settings: every one is an environment variable with the prefix ``OUTDIAL_``, documented here and nowhere else."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How one installation runs. Durations are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="OUTDIAL_", env_file=".env", extra="ignore")

    data: Path = Field(Path("data"), description="Folder for the embedded database files, keys and recordings.")
    database_url: str | None = Field(None, description="SQLAlchemy address; unset means SQLite in the data folder.")

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ui_url: str = Field("http://127.0.0.1:8233", description="Where operators open the Temporal UI.")
    task_queue: str = "outdial"
    payload_keys: SecretStr | None = Field(
        None, description="Comma-separated Fernet keys that encrypt Temporal payloads, newest first; unset: plain."
    )

    api_host: str = "127.0.0.1"
    api_port: int = 8000
    public_url: str | None = Field(None, description="The API's address as others reach it; unset: host and port.")
    secret_keys: SecretStr | None = Field(
        None, description="Comma-separated Fernet keys for secrets at rest, newest first; unset: a file in data."
    )

    carrier: str = Field("simulated", description="Who dials: simulated.")
    simulated_speed: float = Field(1.0, gt=0, description="How much faster than life simulated people ring and talk.")
    default_caller_id: str = "+15005550006"
    ring_timeout: float = Field(45, gt=0, description="How long a phone may ring before the dial is given up.")
    dial_timeout: float = Field(30, gt=0, description="How long asking the carrier may take before it is looked up.")
    silence_grace: float = Field(15, gt=0, description="What a carrier may lag behind a phase's limit before a look-up.")
    heartbeat_timeout: float = Field(10, gt=0, description="How soon a lost worker is noticed in a conversation.")
    line_poll: float = Field(1, gt=0, description="How often a call that waits for a free line asks again.")

    max_schedule_days: int = Field(365, gt=0, description="How far ahead a call may be scheduled.")
    default_max_duration: int = 900
    longest_max_duration: int = 14_400

    webhook_allow_loopback: bool = Field(False, description="Let webhooks reach this machine; for development only.")
    webhook_timeout: float = Field(30, gt=0)
    webhook_rotation: float = Field(86_400, ge=0, description="How long a rotated secret still signs, beside the new.")
    link_lifetime: float = Field(604_800, gt=0, description="How long transcript and recording links work.")
    idempotency_lifetime: float = Field(86_400, gt=0)

    log_json: bool = Field(False, description="Logs as JSON lines; else readable on a terminal.")
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
