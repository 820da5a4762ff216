"""Generated documentation: what a finding's page says without its example, and marked parts of a text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from sfn_airflow_core.findings import Finding, section, summary
from sfn_airflow_core.render.entries import label

FIDELITIES = (
    ("unsupported", "not expressible; a task that fails when run stands in its place"),
    ("approximate", "runs, differs in the way described"),
    ("manual", "needs something from you first: a connection, role, file or value"),
    ("note", "same behaviour, worth knowing"),
)


def title(rule: type[Finding]) -> str:
    """The class's name as words: ``UnknownField`` is ``Unknown field``."""
    words = "".join(f" {char.lower()}" if char.isupper() else char for char in rule.__name__).strip()
    return words[0].upper() + words[1:]


def find(code: str, rules: Iterable[type[Finding]]) -> type[Finding] | None:
    """The rule with this code, whatever its case."""
    return next((rule for rule in rules if rule.code == code.upper()), None)


def head(rule: type[Finding]) -> Iterator[str]:
    """The lines of a page before its example."""
    yield f"## {rule.code}: {title(rule)}"
    yield ""
    yield f"**{label(rule.fidelity)}** · [source]({rule.source})"
    for paragraph in (summary(rule), _named(rule, "Why it matters"), _named(rule, "Remedy")):
        if paragraph:
            yield ""
            yield paragraph


def _named(rule: type[Finding], name: str) -> str:
    text = section(rule, name)
    return f"*{name}:* {text}" if text else ""


def index(rules: Iterable[type[Finding]]) -> Iterator[str]:
    """The table of all fidelities, and that of all rules with links to their pages."""
    yield from ("| fidelity | meaning |", "|---|---|")
    yield from (f"| {name} | {meaning} |" for name, meaning in FIDELITIES)
    yield from ("", "| code | fidelity | what |", "|---|---|---|")
    for rule in rules:
        anchor = f"{rule.code}-{title(rule)}".lower().replace(" ", "-")
        yield f"| [{rule.code}](#{anchor}) | {label(rule.fidelity)} | {summary(rule)} |"


def findings_page(
    tool: str, lead: str, rules: Iterable[type[Finding]], areas: Mapping[str, str], page: Callable[[type[Finding]], str]
) -> str:
    """The document that holds the pages of all findings.

    Args:
        tool: the command, which is also the package with the rules.
        lead: its first paragraph.
        rules: the findings' classes; they come in the order of their codes.
        areas: the headings, by the first digit of a code.
        page: makes the page of one finding.
    """
    ordered = sorted(rules, key=lambda rule: rule.code)
    lines = [
        f"<!-- Written by `make docs` from the docstrings in {tool}/rules; change them, not this file. -->",
        *("", f"# Findings of {tool}", ""),
        *(lead, "", *index(ordered)),
    ]
    for area, inside in groupby(ordered, key=lambda rule: rule.code[3]):
        lines += ["", f"# {area}xx: {areas[area]}"]
        for rule in inside:
            lines += ["", page(rule)]
    return "\n".join(lines) + "\n"


def rewrite(documents: Mapping[Path, str]) -> None:
    """Writes the documents that are not as they should be, and says which."""
    for path, text in documents.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"wrote {path.name}\n")


def with_blocks(text: str, blocks: Mapping[str, str]) -> str:
    """A Markdown text with what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` replaced."""
    for name, block in blocks.items():
        head, opening, rest = text.partition(f"<!-- {name} -->\n")
        _, closing, tail = rest.partition(f"<!-- /{name} -->")
        if not opening or not closing:
            raise ValueError(f"the markers of {name} are missing")
        text = f"{head}{opening}{block}\n{closing}{tail}"
    return text
