"""The error of the expression readers."""

from __future__ import annotations


class ExpressionError(ValueError):
    """A path, intrinsic or template that cannot be read; ``position`` is the 0-based offset in ``text``."""

    def __init__(self, message: str, text: str, position: int = 0):
        super().__init__(message)
        self.message, self.text, self.position = message, text, position
