"""The statements of generated files as LibCST nodes; expressions come from ``sfn2airflow.phrases``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import libcst as cst

_INDENT = cst.IndentedBlock(body=())


def comment(text: str) -> cst.EmptyLine:
    """A comment line; what cannot be printed is an escape, so that the comment stays one line and visible."""
    return cst.EmptyLine(comment=cst.Comment(f"# {printable(text)}"))


_WORKING = frozenset(("data", "effective", "output", "result"))
"""Variables in which a data function keeps what it works on."""


def printable(text: str) -> str:
    """The text with control and invisible characters, surrogates and line ends as escapes.

    >>> printable("a\\nb\\u202ec")
    'a\\\\nb\\\\u202ec'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def blank() -> cst.EmptyLine:
    """An empty line."""
    return cst.EmptyLine(indent=False)


def line(small: cst.BaseSmallStatement, leading: Iterable[cst.EmptyLine] = ()) -> cst.SimpleStatementLine:
    """A simple statement on a line of its own."""
    return cst.SimpleStatementLine(body=(small,), leading_lines=tuple(leading))


def assign(name: str, value: cst.BaseExpression, leading: Iterable[cst.EmptyLine] = ()) -> cst.SimpleStatementLine:
    """``name = value``"""
    return line(cst.Assign(targets=(cst.AssignTarget(target=cst.Name(name)),), value=value), leading)


def returns(value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """``return value``"""
    return line(cst.Return(value))


def raises(value: cst.BaseExpression) -> cst.SimpleStatementLine:
    """``raise value``"""
    return line(cst.Raise(exc=value))


def does(value: cst.BaseExpression, leading: Iterable[cst.EmptyLine] = ()) -> cst.SimpleStatementLine:
    """An expression as a statement."""
    return line(cst.Expr(value), leading)


def block(body: Sequence[cst.BaseStatement]) -> cst.IndentedBlock:
    """An indented block."""
    return _INDENT.with_changes(body=tuple(body))


def when(test: cst.BaseExpression, body: Sequence[cst.BaseStatement]) -> cst.If:
    """``if test:``"""
    return cst.If(test=test, body=block(body))


def within(managers: Sequence[cst.BaseExpression], body: Sequence[cst.BaseStatement]) -> cst.With:
    """``with manager, manager:``"""
    return cst.With(items=tuple(cst.WithItem(item=manager) for manager in managers), body=block(body))


def docstring(text: str, indent: str = "") -> cst.SimpleStatementLine:
    r'''A docstring; its value is the text exactly, with escapes where a character would end it or could not be seen.

    >>> print(cst.Module([docstring('He said "yes"')]).code)
    """He said "yes\""""
    <BLANKLINE>
    '''
    lines = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').split("\n")
    body = f"\n{indent}".join(printable(part) for part in lines)
    if body.endswith('"') and not body.endswith('\\"\\"\\"'):
        body = f'{body[:-1]}\\"'
    return does(cst.SimpleString(f'"""{body}"""'))


def function(
    name: str,
    parameters: Sequence[str],
    body: Sequence[cst.BaseStatement],
    decorators: Sequence[cst.BaseExpression] = (),
    leading: Iterable[cst.EmptyLine] = (),
    doc: str = "",
) -> cst.FunctionDef:
    """A function with plain parameters; ``leading`` are comment lines above it."""
    body = used_only(body)
    statements = [docstring(doc), *_after_docstring(body)] if doc else body
    return cst.FunctionDef(
        name=cst.Name(name),
        params=cst.Parameters(params=tuple(cst.Param(name=cst.Name(parameter)) for parameter in parameters)),
        body=block(statements),
        decorators=tuple(cst.Decorator(decorator=expression) for expression in decorators),
        leading_lines=tuple(leading),
    )


def used_only(body: Sequence[cst.BaseStatement], after: frozenset[str] = frozenset()) -> list[cst.BaseStatement]:
    """The statements, without assignments to variables of a data function that nothing reads afterwards.

    What such an assignment evaluates stays as a statement: it may fail. ``after`` are names that what follows reads.
    """
    if not any(map(_assigns, body)):
        return list(body)
    kept: list[cst.BaseStatement] = []
    for statement in reversed(body):
        match statement:
            case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(name))])]) if (
                name in _WORKING and name not in after
            ):
                value = cst.ensure_type(statement.body[0], cst.Assign).value
                if isinstance(value, cst.Name | cst.SimpleString) or (
                    isinstance(value, cst.Dict) and not value.elements
                ):
                    continue
                statement = statement.with_changes(body=(cst.Expr(value),))
            case cst.With():
                inner = used_only(cst.ensure_type(statement.body, cst.IndentedBlock).body, after)
                statement = statement.with_changes(body=block(inner))
        kept.append(statement)
        after |= names_in(statement)
    return kept[::-1]


def _assigns(statement: cst.BaseStatement) -> bool:
    """Whether a statement assigns to a variable of a data function, itself or inside its ``with``."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(name))])]):
            return name in _WORKING
        case cst.With(body=cst.IndentedBlock(body=inner)):
            return any(map(_assigns, inner))
        case _:
            return False


def names_in(node: cst.CSTNode) -> frozenset[str]:
    """Every plain name in a node, but not what an assignment is to."""
    found: set[str] = set()
    todo: list[object] = [node]
    while todo:  # over the fields: the visitors of LibCST take ten times as long
        match part := todo.pop():
            case cst.Name():
                found.add(part.value)
            case cst.AssignTarget():
                pass
            case cst.CSTNode():
                todo += [getattr(part, field) for field in type(part).__dataclass_fields__]
            case tuple() | list():
                todo += part
            case _:
                pass
    return frozenset(found)


def _after_docstring(body: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """A comment stands apart from the docstring above it."""
    first, *rest = body
    lines = getattr(first, "leading_lines", ())
    if any(line_.comment for line_ in lines):
        first = first.with_changes(leading_lines=(blank(), *lines))
    return [first, *rest]


def imports(module: str, names: Iterable[str]) -> cst.SimpleStatementLine:
    """``from module import names``, sorted as isort does: constants, classes, then the rest."""
    ordered = sorted(names, key=lambda n: (0 if n.isupper() else 1 if n[0].isupper() else 2, n.lower(), n))
    aliases = tuple(cst.ImportAlias(name=cst.Name(name)) for name in ordered)
    return line(cst.ImportFrom(module=dotted(module), names=aliases))


def dotted(name: str) -> cst.Name | cst.Attribute:
    """``a.b.c`` as an expression."""
    first, *rest = name.split(".")
    node: cst.Name | cst.Attribute = cst.Name(first)
    for part in rest:
        node = cst.Attribute(value=node, attr=cst.Name(part))
    return node
