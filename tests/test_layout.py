"""How a generated file is set out, where no formatter sets it out."""

from __future__ import annotations

import json

from sfn2airflow.options import Options
from sfn2airflow.translate import translate_text
from sfn2airflow.writing.layout import format_sources


def test_a_branch_that_begins_with_a_job_stands_apart_from_the_one_before() -> None:
    job = {"Type": "Task", "Resource": "arn:aws:states:::codebuild:startBuild.sync", "End": True}
    branches = [
        {"StartAt": name, "States": {name: {**job, "Parameters": {"ProjectName": name}}}} for name in ("Api", "Site")
    ]
    machine = {"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}}
    text = translate_text(json.dumps(machine), "both.asl.json", Options()).text
    assert text is not None
    (source,) = format_sources([text])
    assert "\n\n        # ASL: #/States/Both/Branches/1/States/Site\n        site = job(" in source
