"""Workflow variables (``Assign``): they travel beside the document, from task to task, and never through globals.

A function with a parameter ``variables`` is called with the variables as they are when its state is entered, and hands
them on, with what it returns as ``assigned``, under the XCom key ``variables``. Branches and items see the variables of
the state around them; what they assign ends with them: the last task of their group hands on what reached the group.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import Json

KEY = "variables"


@dataclass(frozen=True, slots=True)
class Assigned:
    """What a state hands on, and the variables that it assigns."""

    document: Json
    variables: dict[str, Json]


def assigned(document: Json, /, **variables: Json) -> Assigned:
    """A state's document (for a Choice: its target) with new values of variables, seen from the next state on."""
    return Assigned(document, variables)


def scoped(function: Callable[..., Any]) -> bool:
    """Whether a function wants the variables."""
    return KEY in inspect.signature(function).parameters
