"""Reports as text: one function per format, all of the same type, in the table ``FORMATS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sfn_airflow_core.findings import Report
from sfn_airflow_core.render.github import render_github
from sfn_airflow_core.render.json_format import render_json
from sfn_airflow_core.render.junit import render_junit
from sfn_airflow_core.render.markdown import render_markdown
from sfn_airflow_core.render.sarif import render_sarif
from sfn_airflow_core.render.text import render_text

Renderer: TypeAlias = Callable[[Report], str]

FORMATS: Mapping[str, Renderer] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "sarif": render_sarif,
    "junit": render_junit,
    "github": render_github,
}
"""Every format that ``--format`` takes; a further one is one more row."""

__all__ = [
    "FORMATS",
    "Renderer",
    "render_github",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_sarif",
    "render_text",
]
