"""How much work the search for scenarios may be, in steps and not in seconds: the same machine gets the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WAY: Final = 1
"""Steps that one more state on a way to a goal costs."""
TRIAL: Final = 5
"""Steps that trying values for a condition costs."""
QUERY: Final = 500
"""Steps that evaluating an expression costs in addition."""
STAY: Final = 10
"""Steps that a stay in a state costs, imagined or in the interpreter."""


class Exhausted(Exception):
    """The budget is used up."""


@dataclass(slots=True)
class Budget:
    """``most`` is how many steps may be taken, ``None`` any number; ``used`` is how many were."""

    most: int | None = None
    used: int = 0

    def spend(self, steps: int) -> None:
        """Take steps. Raises Exhausted where there are no more."""
        self.used += steps
        if self.most is not None and self.used > self.most:
            raise Exhausted
