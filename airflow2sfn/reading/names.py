"""Where Airflow 3 defines what a file imports, and which imports only Airflow 2 (or 1.10) has.

Sources: the deprecation tables inside the packages of apache-airflow 2.11 and 3.3, the "moved" rules (AIR3xx) of the
upgrade guide at https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading_to_airflow3.html.
"""

from __future__ import annotations

import re

from airflow2sfn.reading.former_names import today

SDK = "airflow.sdk"
_STANDARD = "airflow.providers.standard"

_SDK_HOMES = {
    "DAG": ("airflow", "airflow.models", "airflow.models.dag", "airflow.sdk.definitions.dag"),
    "dag": ("airflow.decorators", "airflow.models.dag", "airflow.decorators.dag", "airflow.sdk.definitions.dag"),
    "task": ("airflow.decorators", "airflow.sdk.definitions.decorators"),
    "task_group": (
        "airflow.decorators",
        "airflow.decorators.task_group",
        "airflow.sdk.definitions.decorators",
        "airflow.sdk.definitions.decorators.task_group",
    ),
    "setup": ("airflow.decorators", "airflow.sdk.definitions.decorators"),
    "teardown": ("airflow.decorators", "airflow.sdk.definitions.decorators"),
    "TaskGroup": ("airflow.utils.task_group", "airflow.sdk.definitions.taskgroup"),
    "Label": ("airflow.utils.edgemodifier", "airflow.sdk.definitions.edges"),
    "EdgeModifier": ("airflow.utils.edgemodifier", "airflow.sdk.definitions.edges"),
    "chain": ("airflow.models.baseoperator", "airflow.utils.helpers", "airflow.sdk.bases.operator"),
    "chain_linear": ("airflow.models.baseoperator", "airflow.sdk.bases.operator"),
    "cross_downstream": ("airflow.models.baseoperator", "airflow.utils.helpers", "airflow.sdk.bases.operator"),
    "BaseOperator": (
        "airflow.models",
        "airflow.models.baseoperator",
        "airflow.sdk.bases.operator",
        "airflow.providers.common.compat.sdk",
    ),
    "BaseSensorOperator": (
        "airflow.sensors.base",
        "airflow.sensors.base_sensor_operator",
        "airflow.sdk.bases.sensor",
    ),
    "BaseHook": ("airflow.hooks.base", "airflow.hooks.base_hook", "airflow.sdk.bases.hook"),
    "BaseNotifier": ("airflow.notifications.basenotifier", "airflow.sdk.bases.notifier"),
    "PokeReturnValue": ("airflow.sensors.base", "airflow.sdk.bases.sensor"),
    "Variable": ("airflow.models", "airflow.models.variable", "airflow.sdk.definitions.variable"),
    "Connection": ("airflow.models", "airflow.models.connection", "airflow.sdk.definitions.connection"),
    "Param": ("airflow.models", "airflow.models.param", "airflow.sdk.definitions.param"),
    "ParamsDict": ("airflow.models.param", "airflow.sdk.definitions.param"),
    "TriggerRule": ("airflow.utils.trigger_rule", "airflow.task.trigger_rule", "airflow.sdk.api.datamodels._generated"),
    "WeightRule": ("airflow.utils.weight_rule", "airflow.task.weight_rule"),
    "XComArg": ("airflow", "airflow.models", "airflow.models.xcom_arg", "airflow.sdk.definitions.xcom_arg"),
    "Asset": ("airflow.datasets", "airflow.sdk.definitions.asset"),
    "AssetAlias": ("airflow.sdk.definitions.asset",),
    "AssetAll": ("airflow.sdk.definitions.asset",),
    "AssetAny": ("airflow.sdk.definitions.asset",),
    "asset": ("airflow.sdk.definitions.asset.decorators",),
    "conf": ("airflow.configuration",),
    "DeadlineAlert": ("airflow.sdk.definitions.deadline",),
    "DeadlineReference": ("airflow.sdk.definitions.deadline",),
    "get_current_context": ("airflow.operators.python", "airflow.sdk.definitions.context"),
}

_RENAMED = {
    "airflow.datasets.Dataset": f"{SDK}.Asset",
    "airflow.Dataset": f"{SDK}.Asset",
    "airflow.datasets.DatasetAlias": f"{SDK}.AssetAlias",
    "airflow.datasets.DatasetAll": f"{SDK}.AssetAll",
    "airflow.datasets.DatasetAny": f"{SDK}.AssetAny",
    "airflow.timetables.datasets.DatasetOrTimeSchedule": f"{SDK}.AssetOrTimeSchedule",
    "airflow.timetables.assets.AssetOrTimeSchedule": f"{SDK}.AssetOrTimeSchedule",
    "airflow.timetables.trigger.CronTriggerTimetable": f"{SDK}.CronTriggerTimetable",
    "airflow.timetables.trigger.DeltaTriggerTimetable": f"{SDK}.DeltaTriggerTimetable",
    "airflow.timetables.trigger.MultipleCronTriggerTimetable": f"{SDK}.MultipleCronTriggerTimetable",
    "airflow.timetables.interval.CronDataIntervalTimetable": f"{SDK}.CronDataIntervalTimetable",
    "airflow.timetables.interval.DeltaDataIntervalTimetable": f"{SDK}.DeltaDataIntervalTimetable",
    "airflow.timetables.events.EventsTimetable": f"{SDK}.EventsTimetable",
    "airflow.operators.dummy.DummyOperator": f"{_STANDARD}.operators.empty.EmptyOperator",
    "airflow.operators.dummy_operator.DummyOperator": f"{_STANDARD}.operators.empty.EmptyOperator",
    "airflow.operators.email.EmailOperator": "airflow.providers.smtp.operators.smtp.EmailOperator",
    "airflow.operators.email_operator.EmailOperator": "airflow.providers.smtp.operators.smtp.EmailOperator",
    "airflow.operators.sql.SQLExecuteQueryOperator": (
        "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator"
    ),
    "airflow.operators.subdag_operator.SubDagOperator": "airflow.operators.subdag.SubDagOperator",
    "airflow.operators.branch.BaseBranchOperator": f"{SDK}.BaseBranchOperator",
    "airflow.operators.branch_operator.BaseBranchOperator": f"{SDK}.BaseBranchOperator",
    "airflow.operators.dagrun_operator.TriggerDagRunOperator": (
        f"{_STANDARD}.operators.trigger_dagrun.TriggerDagRunOperator"
    ),
    "airflow.sensors.sql.SqlSensor": "airflow.providers.common.sql.sensors.sql.SqlSensor",
    "airflow.sensors.sql_sensor.SqlSensor": "airflow.providers.common.sql.sensors.sql.SqlSensor",
}

_STANDARD_MODULES = {
    "operators": ("bash", "python", "empty", "datetime", "latest_only", "smooth", "trigger_dagrun", "weekday"),
    "sensors": ("bash", "python", "date_time", "external_task", "filesystem", "time", "time_delta", "weekday"),
}

_CANONICAL = {
    **{f"{home}.{name}": f"{SDK}.{name}" for name, homes in _SDK_HOMES.items() for home in homes},
    **_RENAMED,
}

_MOVED_MODULE = re.compile(
    "airflow[.]("
    + "|".join(
        f"{room}[.](?:{'|'.join(names)})(?:_{'operator' if room == 'operators' else 'sensor'})?"
        for room, names in _STANDARD_MODULES.items()
    )
    + ")[.](?=[A-Z])"
)

_ONLY_2 = re.compile(
    r"airflow\.(?:contrib\b|operators\.(?!__)|sensors\.(?!__)|hooks\.|datasets\b|models\.dag\b"
    r"|utils\.dates\b|utils\.helpers\.(?:chain|cross_downstream)\b|utils\.decorators\b|executors\.celery)"
)
_LEFT_IN_3 = re.compile(r"airflow\.models\.dag\b|airflow\.hooks\.base\b|airflow\.sensors\.base\b")
_NEW_IN_3 = re.compile(r"airflow\.sdk\b|airflow\.providers\.standard\b")


def canonical(name: str) -> str:
    """The name that Airflow 3 has for something imported.

    >>> canonical("airflow.operators.bash_operator.BashOperator")
    'airflow.providers.standard.operators.bash.BashOperator'
    >>> canonical("airflow.decorators.task.branch"), canonical("boto3.client")
    ('airflow.sdk.task.branch', 'boto3.client')
    """
    if not name.startswith("airflow."):
        return name
    if found := _CANONICAL.get(name):
        return found
    if moved := _MOVED_MODULE.match(name):
        module = re.sub("_(?:operator|sensor)$", "", moved[1])
        return f"{_STANDARD}.{module}.{name[moved.end() :]}"
    head, _, rest = name.rpartition(".")
    if head in _CANONICAL:
        return f"{_CANONICAL[head]}.{rest}"
    if name.startswith(("airflow.exceptions.", "airflow.providers.common.compat.sdk.")):
        return f"{SDK}.{'exceptions.' * name.startswith('airflow.exceptions.')}{rest}"
    return today(name)


def written_for(name: str) -> str:
    """``"2"`` or ``"3"`` for an import that only this major version has, otherwise nothing.

    >>> written_for("airflow.operators.bash.BashOperator"), written_for("airflow.sdk.DAG"), written_for("airflow.DAG")
    ('2', '3', '')
    """
    if _NEW_IN_3.match(name):
        return "3"
    return "2" if today(name) != name or (_ONLY_2.match(name) and not _LEFT_IN_3.match(name)) else ""
