"""What a Task's Resource calls: the table of service integrations and the resolver over it."""

from sfn2airflow.services.model import Binding, Describe, Operator, Row, Service, Unknown, Unsupported
from sfn2airflow.services.resolve import resolve
from sfn2airflow.services.rows import ROWS

__all__ = ["ROWS", "Binding", "Describe", "Operator", "Row", "Service", "Unknown", "Unsupported", "resolve"]
