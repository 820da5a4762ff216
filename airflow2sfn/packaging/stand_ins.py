"""What stands in for names of Airflow in a Lambda function, which has no Airflow.

The state machine knows errors by the names of their classes, so an exception of the same name does the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

VARIABLES = "/airflow/variables"
"""Where Airflow's own Systems Manager backend looks for Variables."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A definition that takes the place of a name of Airflow, and what it imports."""

    text: str
    imports: tuple[str, ...] = ()
    base: str = ""


def _error(name: str, doc: str, base: str = "") -> StandIn:
    return StandIn(f'class {name}({{base}}):\n    """{doc}"""\n', base=base)


_TASK_FAILS = "Fails the task; it is retried as the state says."

EXCEPTIONS: Mapping[str, StandIn] = {
    "AirflowException": _error("AirflowException", _TASK_FAILS),
    "AirflowSkipException": _error(
        "AirflowSkipException", "Skips the task: the state machine catches this name.", "AirflowException"
    ),
    "AirflowFailException": _error(
        "AirflowFailException",
        "Fails the task without a retry: the state machine does not retry this name.",
        "AirflowException",
    ),
    "AirflowNotFoundException": _error("AirflowNotFoundException", _TASK_FAILS, "AirflowException"),
    "AirflowBadRequest": _error("AirflowBadRequest", _TASK_FAILS, "AirflowException"),
    "AirflowConfigException": _error("AirflowConfigException", _TASK_FAILS, "AirflowException"),
    "AirflowSensorTimeout": _error("AirflowSensorTimeout", _TASK_FAILS, "AirflowException"),
    "AirflowTaskTimeout": _error("AirflowTaskTimeout", _TASK_FAILS),
}

STAND_INS: Mapping[str, StandIn] = {
    **EXCEPTIONS,
    "Variable": StandIn(
        f'''\
class Variable:
    """Airflow's Variables, kept as parameters of AWS Systems Manager below {VARIABLES}."""

    @staticmethod
    def get(key, *default, deserialize_json=False, **given):
        ssm = boto3.client("ssm")
        try:
            value = ssm.get_parameter(Name=f"{VARIABLES}/{{key}}", WithDecryption=True)["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            for fallback in (*default, *given.values()):
                return fallback
            raise KeyError(f"Variable {{key}} does not exist") from None
        return json.loads(value) if deserialize_json else value
''',
        ("json", "boto3"),
    ),
    "PokeReturnValue": StandIn(
        '''\
class PokeReturnValue:
    """What a sensor function returns: whether to go on, and a value."""

    def __init__(self, is_done, xcom_value=None):
        self.is_done, self.xcom_value = is_done, xcom_value

    def __bool__(self):
        return bool(self.is_done)
'''
    ),
}


def stand_in(qualified: str) -> str:
    """The stand-in for a name of Airflow; empty where there is none.

    >>> stand_in("airflow.sdk.exceptions.AirflowSkipException"), stand_in("airflow.sdk.DAG")
    ('AirflowSkipException', '')
    """
    name = qualified.rpartition(".")[2]
    return name if name in STAND_INS else ""


def written(names: Iterable[str]) -> tuple[list[str], set[str]]:
    """The definitions of some stand-ins, bases first, and the modules they import."""
    wanted = set(names)
    order = [name for name in STAND_INS if name in wanted]
    texts: list[str] = []
    imports: set[str] = set()
    for name in order:
        made = STAND_INS[name]
        texts.append(made.text.replace("{base}", made.base if made.base in wanted else "Exception"))
        imports.update(made.imports)
    return texts, imports
