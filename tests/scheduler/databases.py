"""PostgreSQL and Redis for CeleryExecutor: instances of their own on loopback, from the machine's packages.

As a command (``python databases.py``) it installs Debian's packages where they are missing and this is root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from servers import Servers, answers, free_port

PACKAGES = {"postgres": "postgresql", "initdb": "postgresql", "redis-server": "redis-server"}
"""The Debian package that has each program."""
_USER = "postgres"


class Missing(Exception):
    """A database server that is not installed; the message says how to install it."""


def program(name: str) -> str:
    """The path of a program. Raises Missing."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if found := shutil.which(name) or (str(versions[-1]) if versions else None):
        return found
    raise Missing(f"{name} is not installed: apt-get install postgresql redis-server (as root)")


def postgres_and_redis(servers: Servers) -> dict[str, str]:
    """Start both; gives Airflow's settings for them."""
    postgres, redis = _postgres(servers), _redis(servers)
    address = f"127.0.0.1:{postgres}/postgres"
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://airflow@{address}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://airflow@{address}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://airflow@{address}",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
    }


def _postgres(servers: Servers) -> int:
    """Start PostgreSQL without root's rights, which it refuses to have; gives its port."""
    folder, port, user = servers.scratch("postgres"), free_port(), []
    if os.geteuid() == 0:
        shutil.chown(folder, _USER)
        user = ["runuser", "-u", _USER, "--"]
    data = str(folder / "data")
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "max_connections": "300",
        "fsync": "off",  # nothing here outlives the test
    }
    given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    initdb = [program("initdb"), "-D", data, "-U", "airflow", "-A", "trust", "-E", "UTF8", "--no-sync"]
    servers.run("initdb", [*user, *initdb])
    servers.start("postgres", [*user, program("postgres"), "-D", data, *given], end=signal.SIGINT, order=0)
    servers.wait("PostgreSQL", lambda: answers(port), 60)
    return port


def _redis(servers: Servers) -> int:
    """Start Redis, which keeps nothing on disk; gives its port."""
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    servers.start("redis", [program("redis-server"), *options], order=0)
    servers.wait("Redis", lambda: answers(port), 60)
    return port


def install() -> int:
    """Install what is missing, where that is allowed; gives the exit code: 1 if something is missing then."""
    if _missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = sorted({PACKAGES[name] for name in _missing()})
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print(f"Installing {' and '.join(packages)}.", flush=True)
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL)
    if not (missing := _missing()):
        return 0
    packages = sorted({PACKAGES[name] for name in missing})
    print(f"make test-celery needs {', '.join(missing)}: apt-get install {' '.join(packages)}", file=sys.stderr)
    return 1


def _missing() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            program(name)
        except Missing:
            found.append(name)
    return found


if __name__ == "__main__":
    sys.exit(install())
