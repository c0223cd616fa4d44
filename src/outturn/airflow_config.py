"""Airflow's configuration, generated: one file that holds its secrets, readable by its owner only.

It is a file and not environment variables because tasks inherit the environment.
"""

from __future__ import annotations

import configparser
import io
import os
from dataclasses import dataclass
from pathlib import Path

from outturn.database import sqlalchemy_url
from outturn.settings import PROJECT_ROOT, Settings

AUTH_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
DAGS_FOLDER = PROJECT_ROOT / "dags"
# Seconds between two looks at an unchanged DAG file: ours change with a deployment only.
PARSE_INTERVAL = 300
LOCAL_SETTINGS = """\
from outturn.warm_start import import_what_tasks_need

import_what_tasks_need()
"""


@dataclass(frozen=True)
class Keys:
    """Airflow's own keys, made once and kept in the 0600 file of secrets."""

    fernet: str
    jwt: str
    api: str


def folder(settings: Settings) -> Path:
    """AIRFLOW_HOME."""
    return settings.home / "airflow"


def path(settings: Settings) -> Path:
    """The generated configuration file."""
    return folder(settings) / "airflow.cfg"


def local_settings_path(settings: Settings) -> Path:
    """Where each Airflow process looks for Python to run as it starts."""
    return folder(settings) / "config" / "airflow_local_settings.py"


def logs_folder(settings: Settings) -> Path:
    """Where the processes write their logs; task logs are in `tasks` below it."""
    return settings.home / "logs"


def base_url(settings: Settings) -> str:
    """Where pages and API answer."""
    return (settings.airflow_url or f"http://127.0.0.1:{settings.airflow_port}").rstrip("/")


def environment(settings: Settings) -> dict[str, str]:
    """What every Airflow process is told: where its configuration is, and to report to nobody."""
    return {
        "AIRFLOW_HOME": str(folder(settings)),
        "AIRFLOW_CONFIG": str(path(settings)),
        "PYTHONUNBUFFERED": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
        "GX_ANALYTICS_ENABLED": "false",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
    }


def render(settings: Settings, keys: Keys) -> str:
    """The text of airflow.cfg. Contains passwords: write it to a 0600 file only."""
    parser = configparser.RawConfigParser()
    for section, values in _sections(settings, keys).items():
        parser.add_section(section)
        for key, value in values.items():
            parser.set(section, key, str(value).replace("%", "%%"))
    out = io.StringIO()
    parser.write(out)
    return out.getvalue()


def _sections(settings: Settings, keys: Keys) -> dict[str, dict[str, object]]:
    url = base_url(settings)
    url_of_metadata = sqlalchemy_url(settings, "airflow")
    return {
        "core": {
            "dags_folder": DAGS_FOLDER,
            "executor": "LocalExecutor",
            "parallelism": max(4, os.cpu_count() or 1),
            "auth_manager": AUTH_MANAGER,
            "fernet_key": keys.fernet,
            "execution_api_server_url": f"{url}/execution/",
            "load_examples": False,
            "dags_are_paused_at_creation": False,
        },
        "database": {
            "sql_alchemy_conn": url_of_metadata,
            # Airflow would ask for asyncpg; psycopg 3 is here already and does both.
            "sql_alchemy_conn_async": url_of_metadata.replace("+psycopg2:", "+psycopg_async:"),
            "sql_alchemy_pool_size": 5,
            "load_default_connections": False,
        },
        "api": {
            "host": settings.airflow_host,
            "port": settings.airflow_port,
            "base_url": url,
            "workers": 1,
            "secret_key": keys.api,
            "expose_config": False,
        },
        "api_auth": {"jwt_secret": keys.jwt},
        "logging": {
            "base_log_folder": logs_folder(settings) / "tasks",
            "namespace_levels": "great_expectations=WARNING",
        },
        "scheduler": {"enable_health_check": False, "scheduler_idle_sleep_time": 0.5},
        # A worker that misses its task's exit by a moment sleeps this long before it looks again.
        "workers": {"min_heartbeat_interval": 1},
        "dag_processor": {
            "min_file_process_interval": PARSE_INTERVAL,
            "refresh_interval": PARSE_INTERVAL,
            "parsing_processes": 1,
        },
        "usage_data_collection": {"enabled": False},
    }
