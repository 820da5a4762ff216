"""Translating works where Airflow cannot be imported, on the real machines of the fixtures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "airflow":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return None

sys.meta_path.insert(0, Blocker())
try:
    import airflow
except ModuleNotFoundError:
    pass
else:
    sys.exit("the blocker does not work")
from sfn2airflow.__main__ import main
main()
"""


def test_translating_needs_no_airflow(root: Path, tmp_path: Path):
    machines = root / "fixtures" / "demo"
    args = ["convert", str(machines), "-o", str(tmp_path), "--format", "json", "--fail-on", "none"]
    done = subprocess.run([sys.executable, "-c", BLOCKED, *args], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (source,) = json.loads(done.stdout)["sources"]
    assert source["status"] == "translated"
    assert (tmp_path / "order_fulfilment.py").is_file()
    assert (tmp_path / "asl_runtime" / "__init__.py").is_file()
