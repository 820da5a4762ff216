"""How DAG files are read without running them: a partial evaluator, and what it makes of Airflow's names.

The evaluator: ``evaluate`` is its frame; ``statements``, ``assign``, ``expressions``, ``functions``, ``methods``,
``text`` and ``builtins`` are Python, ``library`` and ``modules`` what is imported, ``project`` where the source comes
from, and ``limits`` how large values may get. Airflow: ``graph`` is DAGs under construction; ``dags``, ``operators``,
``taskflow``, ``edges``, ``setup`` and ``names`` draw in it; ``finish`` turns it into the source model.
"""
