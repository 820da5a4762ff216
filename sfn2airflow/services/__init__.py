"""What a Task's Resource calls: the resolver over the catalogue."""

from sfn2airflow.services.model import Service, Unsupported
from sfn2airflow.services.resolve import resolve
from sfn2airflow.services.rows import ROWS
from sfn_airflow_core.catalogue.model import Binding, Describe, Operator, Row, Unknown

__all__ = ["ROWS", "Binding", "Describe", "Operator", "Row", "Service", "Unknown", "Unsupported", "resolve"]
