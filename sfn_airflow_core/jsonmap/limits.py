"""What a definition may be at most, and how a refusal is raised."""

from __future__ import annotations

from typing import Final

REFUSED_SIZE: Final = 8 * 1024 * 1024
"""Characters or bytes above which a text is not parsed at all: eight times what the service takes."""

SERVICE_SIZE: Final = 1_048_576
"""Characters of a definition that the service takes (``CreateStateMachine``, ``definition``)."""

DEPTH: Final = 200
"""Levels of arrays and objects; far above real definitions, far below Python's stack."""

INTEGER_DIGITS: Final = 308
"""Digits of an integer; what is longer does not fit a double either."""

EXPANDED_NODES: Final = 200_000
"""Values that the aliases of a YAML document may add."""

INVALID: Final = "INVALID_JSON_DESCRIPTION"
"""The code of ``ValidateStateMachineDefinition`` for text that cannot be parsed."""

TOO_DEEP: Final = "TOO_DEEPLY_NESTED"
