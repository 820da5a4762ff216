"""YAML of a CloudFormation template: its short function tags, short lists on one line, a blank line between parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import yaml

_WIDTH = 1000
_PLAIN = re.compile(r"[A-Za-z$][A-Za-z0-9_.:/${}*-]*(?<!:)")


@dataclass(frozen=True, slots=True)
class Tag:
    """A scalar with a tag: ``Tag("!Ref", "Topic")``."""

    tag: str
    text: str


def ref(name: str) -> Tag:
    """A parameter's value, or what a resource is referred to by."""
    return Tag("!Ref", name)


def get_att(path: str) -> Tag:
    """An attribute of a resource."""
    return Tag("!GetAtt", path)


def sub(text: str) -> Tag:
    """A text in which ``${AWS::Region}`` and the like are replaced."""
    return Tag("!Sub", text)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def choose_scalar_style(self) -> Any:
        """Plain where that is safe; PyYAML quotes all scalars with a tag, and those with a colon in a list."""
        event: Any = self.event
        plain = event.style is None and _PLAIN.fullmatch(event.value)
        if plain and (str(event.tag).startswith("!") or (self.flow_level and ":" in event.value)):
            return ""
        return super().choose_scalar_style()

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _tag(dumper: _Dumper, value: Tag) -> yaml.Node:
    return dumper.represent_scalar(value.tag, value.text)


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _list(dumper: _Dumper, value: list[Any]) -> yaml.Node:
    short = all(isinstance(item, str) for item in value) and sum(len(item) + 2 for item in value) < 100
    short = short or all(isinstance(item, Tag) and item.tag == "!Ref" for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)


_Dumper.add_representer(Tag, _tag)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def dump(value: Any) -> str:
    """A value in block style, in its own order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)


def document(sections: Mapping[str, Any], spread: Iterable[str] = ("Resources",)) -> str:
    """A template: sections with a blank line between them, and between the members of those in ``spread``."""
    wide = frozenset(spread)
    texts: list[str] = []
    plain: dict[str, Any] = {}
    for name, value in sections.items():
        if isinstance(value, dict):
            if plain:
                texts.append(dump(plain))
                plain = {}
            members = [indent(dump({key: item}), "  ") for key, item in value.items()]
            texts.append(f"{name}:\n" + ("\n" if name in wide else "").join(members))
        else:
            plain[name] = value
    if plain:
        texts.append(dump(plain))
    return "\n".join(texts)
