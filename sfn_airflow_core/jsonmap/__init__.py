"""JSON and YAML text to located values: what a definition says, and where."""

from sfn_airflow_core.jsonmap.document import Document, read_document
from sfn_airflow_core.jsonmap.positions import SourceMap
from sfn_airflow_core.jsonmap.substitute import placeholders

__all__ = ["Document", "SourceMap", "placeholders", "read_document"]
