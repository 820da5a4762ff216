"""Runs every benchmark, one after the other: ``make bench``. Each prints ratios measured in one run; none is a test.

python -m benchmarks.run [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS: dict[str, list[str]] = {
    "startup": [],
    "corpus": ["--import"],
    "growth": [],
    "expressions": [],
    "interpreter": [],
    "recordings": [],
    "series_parallel": [],
}
"""Modules of this folder, with the arguments of a whole run."""


def main() -> int:
    """Runs them; the exit code is the worst of theirs."""
    worst = 0
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *BENCHMARKS.get(name, [])], check=False)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
