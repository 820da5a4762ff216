"""Functions that Lambda cannot run, as containers on AWS Fargate: why, their entry point, their image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

LONGEST = 900
"""Seconds that a Lambda function may run."""
HEARTBEAT = 600
"""Seconds without a word from a container after which it counts as lost; the first ones are needed for its start."""
_LARGE = frozenset(
    {"jax", "mxnet", "paddlepaddle", "pyspark", "ray", "tensorflow", "torch", "torchaudio", "torchvision", "vllm"}
)
"""Distributions that are larger than the 250 MB that a Lambda function may have."""
IMAGE = "python:3.12-slim"

_RUN = '''\
"""Calls the handler once for a state of a state machine, and tells it what came of it."""

import json
import os
import sys
import threading
import traceback

import boto3
from app import {handler}

INTERVAL = 60


def beat(client, token, done):
    """Says that the work goes on; ends it where the state machine has stopped waiting for it."""
    while not done.wait(INTERVAL):
        try:
            client.send_task_heartbeat(taskToken=token)
        except (client.exceptions.TaskTimedOut, client.exceptions.TaskDoesNotExist, client.exceptions.InvalidToken):
            print("The state machine does not wait any more", file=sys.stderr)
            os._exit(1)


def main():
    client, token, done = boto3.client("stepfunctions"), os.environ["TASK_TOKEN"], threading.Event()
    threading.Thread(target=beat, args=(client, token, done), daemon=True).start()
    try:
        output = json.dumps({handler}(json.loads(os.environ["EVENT"]), None))
        client.send_task_success(taskToken=token, output=output)
    except BaseException as error:  # also where the work ends the process
        traceback.print_exc()
        told = {{"errorMessage": str(error)[:30000], "errorType": type(error).__name__}}
        client.send_task_failure(taskToken=token, error=type(error).__name__[:256], cause=json.dumps(told)[:32768])
        return 1
    finally:
        done.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''
_DOCKERFILE = f"""\
FROM {IMAGE}
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["python", "run.py"]
"""


def reason(limits: Iterable[int | None], distributions: Iterable[str]) -> str:
    """Why Lambda cannot run a function; empty where it can.

    Args:
        limits: seconds that its tasks may run, where they say so.
        distributions: the lines of its requirements.

    >>> reason([60, 3600], []), reason([None], ["torch==2.4"])
    ('it may run for 3600 s, a Lambda function for 900 s at most', 'torch is too large for a Lambda function')
    """
    longest = max((limit for limit in limits if limit is not None), default=0)
    if longest > LONGEST:
        return f"it may run for {longest} s, a Lambda function for {LONGEST} s at most"
    for line in distributions:
        name = "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in line).split(" ")[0].lower()
        if name in _LARGE:
            return f"{name} is too large for a Lambda function"
    return ""


def with_entry(files: Mapping[PurePosixPath, str], handler: str) -> dict[PurePosixPath, str]:
    """The files of a function with what makes it a container: an entry point, and how its image is built.

    Args:
        files: of the function, ``app.py`` among them.
        handler: the name of its handler.
    """
    lines = files.get(PurePosixPath("requirements.txt"), "").splitlines()
    if not any(line.lower().startswith("boto3") for line in lines):
        lines = ["boto3", *lines]  # which Lambda has, and an image has not
    return {
        **files,
        PurePosixPath("run.py"): _RUN.format(handler=handler),
        PurePosixPath("requirements.txt"): "".join(f"{line}\n" for line in lines),
        PurePosixPath("Dockerfile"): _DOCKERFILE,
    }
