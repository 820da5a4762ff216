"""What a Task's Resource calls: the resolver over the catalogue."""

from sfn2airflow.services.model import Service, Unsupported
from sfn2airflow.services.resolve import resolve
from sfn_airflow_core.catalogue.model import Binding, Describe, Operator, Row, Unknown
from sfn_airflow_core.catalogue.table import OPTIMISED

__all__ = ["OPTIMISED", "Binding", "Describe", "Operator", "Row", "Service", "Unknown", "Unsupported", "resolve"]
