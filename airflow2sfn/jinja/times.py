"""Python's and pendulum's formats of times as pictures of ``$fromMillis``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow2sfn.expressions.text import Untranslatable

_DIRECTIVES: Mapping[str, str] = {
    "Y": "[Y0001]", "m": "[M01]", "d": "[D01]", "H": "[H01]", "M": "[m01]", "S": "[s01]", "y": "[Y,2-2]",
    "j": "[d001]", "B": "[MNn]", "b": "[MNn,3-3]", "A": "[FNn]", "a": "[FNn,3-3]", "I": "[h01]", "p": "[PN]",
    "u": "[F1]", "V": "[W01]", "f": "[f001]000", "z": "+0000", "Z": "UTC", "F": "[Y0001]-[M01]-[D01]",
    "T": "[H01]:[m01]:[s01]", "D": "[M01]/[D01]/[Y,2-2]", "R": "[H01]:[m01]", "%": "%", "n": "\n", "t": "\t",
    "-d": "[D]", "-m": "[M]", "-H": "[H]", "-I": "[h]", "-j": "[d]", "h": "[MNn,3-3]", "e": "[D]",
}  # fmt: skip
_TOKENS: Mapping[str, str] = {
    "YYYY": "[Y0001]", "YY": "[Y,2-2]", "MMMM": "[MNn]", "MMM": "[MNn,3-3]", "MM": "[M01]", "M": "[M]",
    "DDDD": "[d001]", "DD": "[D01]", "D": "[D]", "dddd": "[FNn]", "ddd": "[FNn,3-3]", "HH": "[H01]", "H": "[H]",
    "hh": "[h01]", "h": "[h]", "mm": "[m01]", "m": "[m]", "ss": "[s01]", "s": "[s]", "SSS": "[f001]", "A": "[PN]",
    "Z": "+00:00", "ZZ": "+0000",
}  # fmt: skip


def strftime(directives: str) -> str:
    """A format of ``strftime`` as a picture; raises Untranslatable."""
    found = ""
    for part in re.findall(r"%-?.?|[^%]+", directives, re.DOTALL):
        if not part.startswith("%"):
            found += _plain(part)
        elif part[1:] in _DIRECTIVES:
            found += _DIRECTIVES[part[1:]]
        else:
            raise Untranslatable(f"the time format {part} has no counterpart")
    return found


def pendulum(tokens: str) -> str:
    """A format of pendulum's ``format`` as a picture; raises Untranslatable."""
    found = ""
    for part in re.findall(r"\[[^\]]*\]|Y+|M+|D+|d+|H+|h+|m+|s+|S+|Z+|[A-Za-z]|[^A-Za-z\[]+", tokens):
        if part.startswith("["):
            found += _plain(part[1:-1])
        elif not part[0].isalpha():
            found += _plain(part)
        elif part in _TOKENS:
            found += _TOKENS[part]
        else:
            raise Untranslatable(f"the time format {part} has no counterpart")
    return found


def _plain(text: str) -> str:
    return text.replace("[", "[[").replace("]", "]]")
