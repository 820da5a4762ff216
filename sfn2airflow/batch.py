"""Translating many inputs: which files are state machines, names that do not clash, and one report for all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from sfn2airflow.options import Options
from sfn2airflow.translate import Translation, translate_text
from sfn_airflow_core.asl.embedded import embedded
from sfn_airflow_core.shell.inputs import Input, gather

Bug = Callable[[Exception, str], None]
"""Told about an exception that should not happen, and about the input that made it happen."""

_EXPLICIT = (".asl.json", ".asl.yaml", ".asl.yml")
_TOP_LEVEL = (re.compile(rb"^[\"']?StartAt[\"']?\s*:", re.M), re.compile(rb"^[\"']?States[\"']?\s*:", re.M))


@dataclass(frozen=True, slots=True)
class Translated:
    """A translation and the input that it was made from."""

    input: Input
    translation: Translation


def holds_machine(name: str, data: bytes) -> bool:
    """Whether a file found in a folder is a state machine, or holds some: by its name, or by StartAt and States.

    JSON that cannot be parsed but has both words as keys is taken as one, so that a broken machine is not passed over.
    """
    lower = name.lower()
    if lower.endswith(_EXPLICIT) or embedded(data):
        return True
    if b"StartAt" not in data or b"States" not in data:
        return False
    if lower.endswith((".yaml", ".yml")) and not data.lstrip().startswith(b"{"):
        return all(pattern.search(data) for pattern in _TOP_LEVEL)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return b'"StartAt"' in data and b'"States"' in data
    return isinstance(value, dict) and "StartAt" in value and "States" in value


def machines(arguments: Iterable[str]) -> Iterator[Input | str]:
    """The inputs that arguments stand for; a template as the state machines inside of it, ``template.yaml#Name``."""
    for found in gather(arguments, holds_machine):
        inside = [] if isinstance(found, str) else embedded(found.data)
        if isinstance(found, str) or not inside:
            yield found
            continue
        for machine in inside:
            yield replace(found, name=f"{found.name}#{machine.name}", data=machine.text.encode())


def translate_all(inputs: Iterable[Input], options: Options, bug: Bug) -> Iterator[Translated]:
    """Translates inputs one by one; DAG ids are unique over all of them.

    Args:
        inputs: with data; those that could not be read are the caller's to report.
        options: of every translation; ids handed out here are added to the taken ones.
        bug: called for an input whose translation raises; the others go on.
    """
    taken = set(options.taken_dag_ids)
    for given in inputs:
        try:
            translation = translate_text(given.data, given.name, replace(options, taken_dag_ids=frozenset(taken)))
        except Exception as error:  # a translation never raises: whatever comes is a bug, and the others go on
            bug(error, given.name)
            continue
        taken.add(translation.dag_id)
        yield Translated(given, translation)
