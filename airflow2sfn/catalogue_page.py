"""The page of the catalogue: every call, how it is waited for, and the Airflow classes that make and watch it.

``python -m airflow2sfn.catalogue_page`` rewrites docs/catalogue.md below the working directory.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from airflow2sfn.composed import COMPOSED
from sfn_airflow_core.catalogue.model import Operator, Place, Row, Sensor
from sfn_airflow_core.catalogue.notation import member
from sfn_airflow_core.catalogue.table import ROWS
from sfn_airflow_core.render.pages import rewrite

PAGE = Path("docs") / "catalogue.md"


def page() -> str:
    """The whole of docs/catalogue.md."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    classes = {one.qualified for row in ROWS for one in row.classes}
    yield "<!-- Written by `make docs` from sfn_airflow_core/catalogue and airflow2sfn/composed; change them. -->"
    yield ""
    yield "# The catalogue"
    yield ""
    amazon = {name for name in COMPOSED if name.startswith("airflow.providers.amazon.")}
    known, others = len(classes | amazon), len(set(COMPOSED) - amazon)
    yield (
        f"{len(ROWS)} calls of AWS services and {known} operators and sensors of Airflow's Amazon provider, and"
        f" {others} operators of others. Both directions read the same rows, in `sfn_airflow_core/catalogue/rows/`."
    )
    yield ""
    yield (
        "`keyword=Path` is where the value of an operator's keyword stands in the Arguments; a keyword alone is the"
        " argument of that name in PascalCase, `[]` a list of that one value, `*` all other arguments, `~` a shorthand"
        " that is read and not written. Names inside of values are spelt by botocore's models. A call whose operator"
        " waits becomes a `.sync` Task where Step Functions has one, otherwise it is followed by a loop that asks the"
        " describing call in the column *watched by*."
    )
    yield ""
    yield "| call | waits | watched by | operators | sensors |"
    yield "|---|---|---|---|---|"
    for row in sorted(ROWS, key=lambda row: row.action.removeprefix("aws-sdk:")):
        yield _row(row)
    yield ""
    yield "## Operators of several calls"
    yield ""
    yield "| operator or sensor | what it becomes |"
    yield "|---|---|"
    for name, function in sorted(COMPOSED.items(), key=lambda item: item[0].rpartition(".")[2]):
        said = (inspect.getdoc(function) or "").partition("\n")[0]
        yield f"| {name.rpartition('.')[2]} | {said} |"


def _row(row: Row) -> str:
    waits = ", ".join(f"`.{p}`" for p in row.patterns if p.startswith("sync"))
    job = row.describe
    watched = f"`{job.action}` {_ends(job.succeeded)}" if job else ""
    operators, sensors = ("; ".join(map(_class, ones)) for ones in (row.operators, row.sensors))
    return f"| `{row.action}` | {waits} | {watched} | {operators} | {sensors} |"


def _ends(ends: tuple[str, ...]) -> str:
    return "until " + " or ".join(ends)


def _class(one: Operator | Sensor) -> str:
    condition = f" ({one.when[0]} is {one.when[1]})" if one.when else ""
    places = " ".join(filter(None, [*map(_place, one.places), *_composed(one), f"{one.rest}=*" if one.rest else ""]))
    return f"{one.name}{condition}{': `' + places + '`' if places else ''}"


def _place(place: Place) -> str:
    path = "" if place.path == member(place.keyword) and not place.listed else f"={place.path}"
    return f"{'' if place.written else '~'}{place.keyword}{path}{'[]' if place.listed else ''}"


def _composed(one: Operator | Sensor) -> list[str]:
    return [f"{path}={template}" for path, template in one.composed.items()]


def main() -> None:
    """Rewrites the page below the working directory."""
    rewrite({PAGE: page()})


if __name__ == "__main__":
    main()
