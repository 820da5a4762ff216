"""The command ``sfn2airflow``."""

from __future__ import annotations

import sys

from sfn2airflow import __version__
from sfn2airflow.cli import cli
from sfn_airflow_core.shell.group import run


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    sys.exit(run(cli, "sfn2airflow", __version__))


if __name__ == "__main__":
    main()
