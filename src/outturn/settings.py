"""Settings from the environment, each with a default that works on one machine."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Where state, files and servers are. Read from `OUTTURN_*` environment variables.

    Paths are absolute after loading; URLs are fsspec URLs or local paths.
    """

    model_config = SettingsConfigDict(env_prefix="OUTTURN_", env_ignore_empty=True)

    home: Path = Field(
        default=PROJECT_ROOT / ".outturn", description="state: archive, embedded server, logs"
    )
    dsn: str | None = Field(
        default=None, description="administrator's libpq DSN; unset: the embedded server"
    )
    database: str = Field(default="outturn", description="name of the warehouse's database")
    airflow_database: str = Field(default="airflow", description="of Airflow's metadata database")
    superset_database: str = Field(
        default="superset", description="of Superset's metadata database"
    )
    landing_url: str | None = Field(
        default=None, description="fsspec URL with one sub-folder a source; unset: home/landing"
    )
    seeds_dir: Path | None = Field(
        default=None, description="another organisation's reference data, laid over the project's"
    )
    extracts_dir: Path | None = Field(
        default=None, description="another organisation's extract contracts, laid over by path"
    )
    as_at: date | None = Field(
        default=None, description="build figures as known at end of this day"
    )
    pg_port: int = Field(default=15432, description="port of the embedded PostgreSQL")
    airflow_port: int = Field(default=8080, description="port of Airflow's API server and pages")
    airflow_host: str = Field(default="127.0.0.1", description="what Airflow's server listens on")
    airflow_url: str | None = Field(
        default=None, description="where tasks and people reach it; unset: this machine"
    )
    superset_host: str = Field(default="127.0.0.1", description="what Superset's server listens on")
    superset_port: int = Field(default=8088, description="port of Superset's pages")
    sftp_known_hosts: Path | None = Field(
        default=None, description="known_hosts file that pins SFTP servers; unset: ~/.ssh's"
    )
    sftp_host_fingerprint: str | None = Field(
        default=None,
        description="pins the SFTP server by its key instead: SHA256:… as ssh shows it",
    )
    sftp_username: str | None = Field(default=None, description="unset: the one in the URL")
    sftp_password: SecretStr | None = Field(
        default=None, description="or a key file, which is better"
    )
    sftp_key_file: Path | None = Field(default=None, description="private key for SFTP")
    s3_endpoint_url: str | None = Field(default=None, description="an S3 that is not Amazon's")
    s3_access_key_id: str | None = Field(default=None, description="unset: as AWS tools find it")
    s3_secret_access_key: SecretStr | None = Field(default=None, description="unset: likewise")
    settle_seconds: float = Field(
        default=2.0,
        ge=0,
        description="a file younger than this is looked at twice before it is taken",
    )
    runbook_url: str = Field(
        default="docs/runbooks", description="where the runbooks are, printed with each failure"
    )
    refresh_working_days: tuple[int, ...] = Field(
        default=(6, 12), description="of the month after: costs provisional, everything final"
    )
    deadline_working_day: int = Field(
        default=13, description="an alert is raised when the month is not final on it"
    )
    dbt_threads: int = Field(default=2, ge=1, description="models built at once")

    def model_post_init(self, _context: object) -> None:
        """Make paths absolute so that a changed working directory changes nothing."""
        self.home = self.home.expanduser().absolute()
        if self.seeds_dir is not None:
            self.seeds_dir = self.seeds_dir.expanduser().absolute()
        if self.extracts_dir is not None:
            self.extracts_dir = self.extracts_dir.expanduser().absolute()

    @property
    def landing(self) -> str:
        """The landing URL in force: a folder under `home` unless one is set."""
        return self.landing_url or str(self.home / "landing")

    @property
    def secrets_path(self) -> Path:
        """The 0600 file that holds every generated password."""
        return self.home / "secrets.json"

    @property
    def extracts_path(self) -> Path:
        """The project's own extract contracts."""
        return PROJECT_ROOT / "extracts"

    @property
    def dbt_path(self) -> Path:
        """The dbt project."""
        return PROJECT_ROOT / "dbt_project"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
