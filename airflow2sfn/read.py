"""Reading DAG files without running them: text in, DAGs and findings out."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

# These fill the evaluator's tables.
from airflow2sfn.generated_mark import child_dags, is_generated
from airflow2sfn.reading import (
    assign,  # noqa: F401
    builtins,  # noqa: F401
    dags,  # noqa: F401
    edges,  # noqa: F401
    methods,  # noqa: F401
    setup,  # noqa: F401
    statements,  # noqa: F401
)
from airflow2sfn.reading.evaluate import STATEMENTS, Raised, Run, Scope, TooMuch, Unknown
from airflow2sfn.reading.finish import finish
from airflow2sfn.reading.functions import Return
from airflow2sfn.reading.graph import DagMade
from airflow2sfn.reading.names import written_for
from airflow2sfn.reading.project import MOST_BYTES, Project, SourceFile, parse
from airflow2sfn.reading.template_files import with_template_files
from airflow2sfn.rules.reading import Airflow2Import, FileRaises, TooMuchWork
from airflow2sfn.source import Dag, Symbolic
from sfn_airflow_core.findings import Located, Problem
from sfn_airflow_core.text import Span

_RECURSION = 6000
_START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is known about the environment: values of environment variables and of Airflow Variables."""

    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says.

    ``dags`` in the order in which they are made; ``problems`` where the file cannot be read at all. A file without
    DAGs has neither.
    """

    source: str
    dags: tuple[Dag, ...] = ()
    findings: tuple[Located, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_text(
    text: str | bytes,
    source: str,
    project: Project | None = None,
    settings: Settings | None = None,
    module: str = "",
) -> Reading:
    """Reads a DAG file.

    Args:
        text: of the file; bytes are UTF-8.
        source: name of the file, for reports and for what the file computes from ``__file__``.
        project: where its imports are looked up; nowhere by default.
        settings: the environment.
        module: dotted name of the file as a module; made from ``source`` by default.

    Never raises for what a file contains.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        if len(decoded) > MOST_BYTES:
            return _rejected(source, "TOO_LARGE", f"the file is larger than {MOST_BYTES} bytes")
        file = parse(decoded, module or _module(source), source)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        span = Span(line, column, error.end_lineno or line, error.end_offset or column)
        version = f"Python {sys.version_info.major}.{sys.version_info.minor}"  # quotes within f-strings need 3.12
        return _rejected(source, "SYNTAX_ERROR", f"{error.msg} (read as {version})", span)
    except UnicodeDecodeError as error:
        return _rejected(source, "NOT_TEXT", f"the file is not UTF-8 (byte {error.start})")
    except (ValueError, RecursionError, MemoryError) as error:
        return _rejected(source, "SYNTAX_ERROR", str(error) or "the file is nested too deeply")
    settings = settings or Settings()
    run = Run(project or Project(), file, dict(settings.environment), dict(settings.variables))
    return _evaluate(run, source)


def read_file(
    path: Path, project: Project | None = None, settings: Settings | None = None, source: str = ""
) -> Reading:
    """Reads a DAG file from disk; imports are looked up in its folder by default."""
    source = source or path.as_posix()
    try:
        data = path.read_bytes()
    except OSError as error:
        return _rejected(source, "UNREADABLE", error.strerror or str(error))
    project = project or Project((path.parent,))
    return read_text(data, source, project, settings, module_name(path, project))


def module_name(path: Path, project: Project) -> str:
    """The dotted name by which a file of a project would be imported."""
    for root in project.roots:
        if path.resolve().is_relative_to(root.resolve()):
            return ".".join(path.resolve().relative_to(root.resolve()).with_suffix("").parts)
    return path.stem


def _module(source: str) -> str:
    return PurePosixPath(source).stem


def _rejected(source: str, code: str, message: str, span: Span = _START) -> Reading:
    return Reading(source, problems=(Problem(code, message, f"{span}", span),))


def _evaluate(run: Run, source: str) -> Reading:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        scope = _run_module(run, run.file, source)
        made = [made for made in run.dags if made.registered or _is_global(made, scope)]
        dags = [with_template_files(finish(run, one), run.project) for one in made]
    finally:
        sys.setrecursionlimit(limit)
    _report_imports(run)
    findings = sorted((_placed(f) for f in run.findings), key=lambda f: (f.span or _START, f.finding.code))
    if is_generated(run.file.module.text):  # its tasks are not those of operators that are known here
        children = child_dags(run.file.tree)
        dags, findings = [dag for dag in dags if dag.dag_id not in children], []
    return Reading(source, tuple(dags), tuple(findings))


def _run_module(run: Run, file: SourceFile, source: str) -> Scope:
    path = source if "/" in source else f"./{source}"  # so that it has a folder, as in Airflow
    name = Unknown(Symbolic("__file__", "file"), path)
    names = {"__name__": file.module.name, "__file__": name, "__doc__": ast.get_docstring(file.tree, clean=False)}
    scope = run.loading["__main__"] = Scope(names, file)
    for statement in file.tree.body:
        try:
            run.step()
            if (execute := STATEMENTS.get(type(statement))) is not None:
                execute(run, statement, scope)
        except Raised as error:
            _forget_contexts(run)
            run.report(FileRaises(error=str(error)), error.span or file.span(statement))
        except (TooMuch, RecursionError) as error:
            reason = str(error) if isinstance(error, TooMuch) else "a deeper recursion than any DAG needs"
            run.report(TooMuchWork(reason=reason), file.span(statement))
            _forget_contexts(run)
            break
        except Return:
            continue
    return scope


def _forget_contexts(run: Run) -> None:
    run.calls.clear()
    run.doubt = 0


def _is_global(made: DagMade, scope: Scope) -> bool:
    return any(value is made for value in scope.names.values())


def _report_imports(run: Run) -> None:
    """The imports of Airflow 2: of a module, only the names that are taken from it."""
    old = {name: span for name, span in reversed(run.imports) if written_for(name) == "2"}
    for name, span in reversed(old.items()):
        if not any(other.startswith(f"{name}.") for other in old):
            run.report(Airflow2Import(name=name), span)


def _placed(located: Located) -> Located:
    if located.finding.at or located.span is None:
        return located
    return Located(replace(located.finding, at=str(located.span)), located.span)
