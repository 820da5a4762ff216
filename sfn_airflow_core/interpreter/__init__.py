"""The reference interpreter: executes state machines as AWS Step Functions does, without AWS, threads or waiting."""

from sfn_airflow_core.interpreter.execute import execute
from sfn_airflow_core.interpreter.execution import (
    Edge,
    Event,
    Execution,
    Limits,
    Options,
    Pause,
    Retrial,
    ServiceCall,
    Visit,
)
from sfn_airflow_core.interpreter.history import history
from sfn_airflow_core.interpreter.load_replies import load_replies
from sfn_airflow_core.interpreter.program import Program, prepare
from sfn_airflow_core.interpreter.replies import Answers, BadReplies, MissingReply, Replies, Reply, read_replies
from sfn_airflow_core.interpreter.single import Mock, Trial, try_state

__all__ = [
    "Answers",
    "BadReplies",
    "Edge",
    "Event",
    "Execution",
    "Limits",
    "MissingReply",
    "Mock",
    "Options",
    "Pause",
    "Program",
    "Replies",
    "Reply",
    "Retrial",
    "ServiceCall",
    "Trial",
    "Visit",
    "execute",
    "history",
    "load_replies",
    "prepare",
    "read_replies",
    "try_state",
]
