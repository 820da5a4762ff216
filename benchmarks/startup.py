"""How long the command takes to start, beside Python and click alone.

python -m benchmarks.startup
"""

from __future__ import annotations

import subprocess
import sys
import time

COMMANDS = {
    "python": ("-c", "pass"),
    "import click": ("-c", "import click"),
    "sfn2airflow --version": ("-m", "sfn2airflow", "--version"),
    "airflow2sfn --version": ("-m", "airflow2sfn", "--version"),
    "sfn2airflow check --help": ("-m", "sfn2airflow", "check", "--help"),
}


def fastest(args: tuple[str, ...], rounds: int = 15) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    for name, args in COMMANDS.items():
        sys.stdout.write(f"{name:28} {fastest(args) * 1000:6.1f} ms\n")


if __name__ == "__main__":
    main()
