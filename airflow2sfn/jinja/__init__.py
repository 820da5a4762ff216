"""Jinja templates as JSONata: parsed by jinja2's own parser, never rendered.

``template`` reads a text and gives an expression; ``pieces`` are what expressions are put together from. The branch
callables of ``branches`` are put together from the same pieces.
"""

from airflow2sfn.jinja.template import template

__all__ = ["template"]
