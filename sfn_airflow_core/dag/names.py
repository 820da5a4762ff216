"""Names of Airflow things made from the names of states and files: identifiers, task ids, DAG ids.

A state's name is any text of up to 80 characters; a task id that is also a Python name is what a person types. The
original name stays visible as the task's display name.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ONE_WORD = {
    "DynamoDB": "Dynamodb",
    "SageMaker": "Sagemaker",
    "CloudWatch": "Cloudwatch",
    "CloudFormation": "Cloudformation",
}
_LONGEST = 60


def slug(name: str, fallback: str = "state") -> str:
    """A lower-case ASCII identifier that reads like ``name``.

    >>> slug("Check Stock?"), slug("CheckStock"), slug("S3 Übersicht"), slug("2nd try"), slug("检查")
    ('check_stock', 'check_stock', 's3_ubersicht', 'state_2nd_try', 'state')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    for brand, word in _ONE_WORD.items():
        plain = plain.replace(brand, word)
    pieces = [_snake(piece) for piece in re.split(r"[^A-Za-z0-9]+", plain) if piece]
    text = "_".join(pieces)[:_LONGEST].rstrip("_")
    if not text:
        return fallback
    return f"{fallback}_{text}" if text[0].isdigit() else text


def _snake(piece: str) -> str:
    words = _WORDS.findall(piece)
    joined: list[str] = []
    for word in words:  # S3 and 2nd are words, Step 1 is two
        if joined and (word.isdigit() or joined[-1].isdigit()) and len(joined[-1]) <= 2:
            joined[-1] += word
        else:
            joined.append(word)
    return "_".join(joined).lower()


def screaming(name: str) -> str:
    """An upper-case constant name.

    >>> screaming("ProcessFunctionArn"), screaming("AWS::Partition")
    ('PROCESS_FUNCTION_ARN', 'AWS_PARTITION')
    """
    return slug(name, "value").upper()


class Names:
    """Hands out names that are free: not a keyword, not a builtin, not reserved, not handed out before."""

    def __init__(self, reserved: Iterable[str] = ()):
        self._reserved = {*reserved, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
        self._taken: set[str] = set()

    def afresh(self) -> Names:
        """As many names again, with the same ones reserved: for another function of the same file."""
        return Names(self._reserved)

    def take(self, wanted: str, parent: str = "", suffix: str = "state", companion: str = "") -> str:
        """``wanted`` if it is free, otherwise with the parent's name in front, a word behind, or a number.

        ``companion`` is an ending with which the name must be free too, and is then taken: ``_catch`` for a router.

        >>> names = Names(["data"])
        >>> names.take("notify"), names.take("notify", parent="refund"), names.take("notify"), names.take("data")
        ('notify', 'refund_notify', 'notify_2', 'data_state')
        """
        candidates = self._candidates(wanted, parent, suffix)
        name = next(name for name in candidates if self._free(name) and self._free(f"{name}{companion}"))
        self._taken |= {name, f"{name}{companion}"}
        return name

    def _free(self, name: str) -> bool:
        return name not in self._taken and name not in self._reserved

    def _candidates(self, wanted: str, parent: str, suffix: str) -> Iterator[str]:
        yield wanted
        if wanted in self._reserved:
            wanted = f"{wanted}_{suffix}"
            yield wanted
        if parent:
            yield f"{parent}_{wanted}"
        yield from (f"{wanted}_{number}" for number in count(2))
