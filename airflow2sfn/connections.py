"""What the Connections of a DAG are in AWS, as a file says it: which service, and its identifiers; never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["redshift-data", "rds-data", "athena", "lambda", "http"]
FIELDS: Mapping[Kind, frozenset[str]] = {
    "redshift-data": frozenset({"database", "cluster_identifier", "workgroup_name", "db_user", "secret_arn"}),
    "rds-data": frozenset({"database", "resource_arn", "secret_arn", "schema"}),
    "athena": frozenset({"database", "workgroup", "output_location", "catalog"}),
    "lambda": frozenset({"function_arn"}),
    "http": frozenset({"url", "connection_arn"}),
}
"""What may be said of a connection of each kind; all values are texts."""


class BadConnections(ValueError):
    """A file of connections that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A Connection: its id in Airflow, the kind of service that stands for it, and what is said of that."""

    conn_id: str
    kind: Kind
    fields: Mapping[str, str]

    def known(self, *names: str) -> str:
        """The first of these fields that is said; empty where none is."""
        return next((self.fields[name] for name in names if name in self.fields), "")


def connections(value: object) -> dict[str, Connection]:
    """The connections in a document by their ids.

    Raises:
        BadConnections: where the document says something else.
    """
    if not isinstance(value, Mapping):
        raise BadConnections("an object is needed: a kind and its identifiers by connection id")
    return {str(conn_id): _connection(str(conn_id), given) for conn_id, given in value.items()}


def _connection(conn_id: str, given: object) -> Connection:
    if not isinstance(given, Mapping):
        raise BadConnections(f"{conn_id}: an object with a kind is needed")
    kind = next((one for one in get_args(Kind) if one == given.get("kind")), None)
    if kind is None:
        raise BadConnections(f"{conn_id}: kind has to be one of {', '.join(get_args(Kind))}")
    fields = {str(name): text for name, text in given.items() if name != "kind"}
    for name, text in fields.items():
        if name not in FIELDS[kind]:
            raise BadConnections(f"{conn_id}: {kind} has no {name}; it has {', '.join(sorted(FIELDS[kind]))}")
        if not isinstance(text, str):
            raise BadConnections(f"{conn_id}: {name} has to be a text")
    return Connection(conn_id, kind, fields)
