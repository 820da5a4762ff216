"""A throw-away Airflow inside this process: its own folder, its own SQLite database, nothing on a network.

Airflow reads its configuration when it is imported, so a process has one such Airflow. It is prepared once, by the
first ``open_airflow``; leaving only puts the environment and the logging back.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

TEMPLATE_VARIABLE: Final = "SFN2AIRFLOW_TEMPLATE_DB"
BUNDLE: Final = "dags-folder"
_home: Path | None = None


class AirflowUnavailable(RuntimeError):
    """Airflow cannot be run in this process."""


def template_database() -> Path:
    """A migrated, empty database of the installed Airflow: made once per user and version, then copied.

    The environment variable ``SFN2AIRFLOW_TEMPLATE_DB`` names another one.
    """
    if given := os.environ.get(TEMPLATE_VARIABLE):
        return Path(given)
    try:
        version = importlib.metadata.version("apache-airflow")
    except importlib.metadata.PackageNotFoundError as missing:
        raise AirflowUnavailable("apache-airflow is not installed: pip install 'sfn2airflow[airflow]'") from missing
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sfn2airflow"
    cache.mkdir(parents=True, exist_ok=True)
    database = cache / f"airflow-{version}.db"
    with (cache / f"airflow-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes start at once
        if not database.exists():
            _migrate(database)
    return database


def _migrate(database: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="sfn2airflow-migrate-") as folder:
        new = Path(folder) / "airflow.db"
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env={**os.environ, **_environment(Path(folder))}, capture_output=True, text=True)
        if done.returncode or not new.exists():
            raise AirflowUnavailable(f"airflow db migrate failed: {done.stderr[-2000:]}")
        shutil.move(new, database.with_suffix(".new"))
        database.with_suffix(".new").rename(database)


def leave_opened() -> None:
    """In a process that was forked from one with an Airflow: the next ``open_airflow`` prepares one of its own."""
    global _home
    _home = None


def _environment(home: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "eu-west-1"),
    }


@contextmanager
def open_airflow(quiet: bool = True) -> Iterator[Path]:
    """Airflow, ready to run DAGs, in its folder; the environment is put back afterwards."""
    global _home
    new = _home is None
    home = _home or Path(tempfile.mkdtemp(prefix="sfn2airflow-"))
    before, level, path = dict(os.environ), logging.root.manager.disable, [*sys.path]
    os.environ.update(_environment(home))
    os.environ.pop("AWS_PROFILE", None)
    if quiet:
        logging.disable(logging.CRITICAL)
    try:
        if new:
            _prepare(home, quiet)
            _home = home
        yield home
    finally:
        logging.disable(level)
        sys.path[:] = path
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _prepare(home: Path, quiet: bool) -> None:
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "dags").mkdir()
    shutil.copy(template_database(), home / "airflow.db")
    imported = "airflow.settings" in sys.modules
    import airflow.settings

    settings: Any = airflow.settings
    if imported:  # with whatever database the environment named then
        settings.dispose_orm(do_log=False)
        settings.configure_vars()
        settings.configure_orm()
    _write_lazily(settings.engine)
    if quiet:
        import structlog

        plain: Any = structlog.make_filtering_bound_logger(logging.CRITICAL)
        # ShortCircuitOperator asks its logger as if it were one of the standard library
        quieted = type("Quieted", (plain,), {"getEffectiveLevel": lambda self: logging.CRITICAL})
        structlog.configure(wrapper_class=quieted)
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.utils.session import create_session

    from sfn_airflow_core.verify.airflow_api import direct_client

    direct_client()
    with create_session() as session:
        manager: Any = DagBundlesManager
        manager().sync_bundles_to_db(session=session)


def _write_lazily(engine: Any) -> None:
    """Nothing outlives this process, so the database need not wait for the disk."""
    from sqlalchemy import event

    def set_up(connection: Any, record: Any) -> None:
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(engine, "connect", set_up)
    engine.dispose()
