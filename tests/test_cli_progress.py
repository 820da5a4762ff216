"""Progress is for people who watch: on a terminal it is shown and taken away again, in a pipe there is none of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Run
from running import chain
from terminal import standard_error

ERASED = "\x1b[2K"
"""What the line of the progress is taken away with."""


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def machine(call: Run) -> str:
    """A machine that takes seconds of its own clock, and a name with what a terminal and rich would take for theirs."""
    states: dict[str, Any] = {"Wait": {"Type": "Wait", "Seconds": 30, "Next": "[b]\x1b[1m"}}
    states["[b]\x1b[1m"] = {"Type": "Pass", "End": True}
    Path("m.asl.json").write_text(json.dumps({"StartAt": "Wait", "States": states}), encoding="utf-8")
    return "m.asl.json"


@pytest.mark.parametrize("arguments", [("--trace",), ()])
def test_an_execution_is_told_of_on_a_terminal(call: Run, machine: str, arguments: tuple[str, ...]) -> None:
    with standard_error(terminal=True) as shown:
        code, out, _ = call("run", machine, *arguments)
    assert (code, out) == (0, "{}\n")
    assert "2 states, 30.000 s, [b]\\x1b[1m" in shown.text.replace("\x1b[0m", "")
    end = shown.text.rpartition(ERASED)
    assert end[1] == ERASED
    assert ("waits 30 s" in end[2]) == bool(arguments)  # the trace stands where the progress was
    assert "[b]\x1b[1m" not in shown.text


def test_nothing_is_told_of_an_execution_in_a_pipe(call: Run, machine: str) -> None:
    with standard_error(terminal=False) as shown:
        assert call("run", machine)[0] == 0
    assert shown.text == ""


def test_a_trace_in_a_pipe_is_text_alone(call: Run, machine: str) -> None:
    with standard_error(terminal=False) as shown:
        assert call("run", machine, "--trace")[0] == 0
    assert "waits 30 s" in shown.text
    assert "\x1b" not in shown.text
    assert "states," not in shown.text


@pytest.mark.parametrize(
    ("terminal", "arguments", "told"),
    [(True, (), True), (True, ("--quiet",), False), (False, (), False)],
)
def test_a_verification_has_a_bar_on_a_terminal(
    call: Run, airflow: Any, terminal: bool, arguments: tuple[str, ...], told: bool
) -> None:
    Path("walk.asl.json").write_text(json.dumps(chain({"Type": "Pass"}, {"Type": "Succeed"})), encoding="utf-8")
    with standard_error(terminal) as shown:
        assert call("verify", "walk.asl.json", *arguments)[0] == 0
    assert ("walk" in shown.text and "100%" in shown.text and "━" in shown.text) == told
    assert shown.text.endswith(ERASED) if told else shown.text == ""
