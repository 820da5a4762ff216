"""DAGs that sfn2airflow has written, read back as the state machines that they were.

Such a DAG says which state each of its tasks is (``# ASL: #/States/…``), what a state does in a function from document
to document, and how states follow each other in calls of ``chain`` and ``catch``. Nothing is executed.
"""

from airflow2sfn.generated.read import Back, read_back, states_of
from airflow2sfn.generated.values import Unreadable
from airflow2sfn.generated_mark import is_generated

__all__ = ["Back", "Unreadable", "is_generated", "read_back", "states_of"]
