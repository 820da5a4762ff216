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


def measure(rounds: int = 15) -> dict[str, float]:
    """Seconds of the fastest run of each command; they take turns, so that other work slows all of them down."""
    best = dict.fromkeys(COMMANDS, float("inf"))
    for _ in range(rounds):
        for name, args in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL, check=True)
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def main() -> None:
    for name, seconds in measure().items():
        sys.stdout.write(f"{name:28} {seconds * 1000:6.1f} ms\n")


if __name__ == "__main__":
    main()
