"""The command ``airflow2sfn``."""

from __future__ import annotations

import sys

from airflow2sfn import __version__
from airflow2sfn.cli import cli
from sfn_airflow_core.shell.group import run


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    sys.exit(run(cli, "airflow2sfn", __version__))


if __name__ == "__main__":
    main()
