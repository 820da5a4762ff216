"""Retries, waits, limits, settings, the context object and child DAGs."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import chain, dag, task_group
from airflow.sdk.exceptions import AirflowFailException

from sfn2airflow.runtime import (
    CHILD,
    DOCUMENT,
    STATE,
    Catcher,
    Retrier,
    Setting,
    StateError,
    aws,
    catch,
    child_dag,
    clock,
    context_object,
    group,
    invoke,
    outcome,
    results,
    retry,
    seconds,
    state,
    time_limit,
    until,
    wait,
)

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:work"
TABLE = Setting("Table")
ATTEMPTS = Setting("Attempts")
WAITED = Setting("Waited")


@dag(dag_id="retries", schedule=None)
def retries():
    @state(
        "Work",
        **retry(
            Retrier("A", "B", attempts=2, interval=1, backoff=2),
            Retrier("C", interval=5),
            Retrier("Never", attempts=0),
            Retrier("Capped", interval=3, backoff=2, max_delay=4),
            Retrier("Open", attempts=ATTEMPTS, interval=7, backoff=1),
            Retrier("Jitter", interval=100, jitter=True),
            Retrier("States.ALL", interval=9, attempts=1),
        ),
    )
    def work(data):
        return invoke(ARN, data)

    @state("Handle")
    def handle(data):
        return {"handled": data}

    work_catch = catch(work, Catcher("States.ALL", to=handle))
    chain(work, work_catch)
    return outcome(work_catch, handle)


@dag(dag_id="waits", schedule=None)
def waits():
    @wait("Hold")
    def hold(data):
        return seconds(data["seconds"])

    @wait("Until", document=lambda data: {**data, "waited": True})
    def hold_until(data):
        return until(data["until"])

    @group("Each")
    def each_item():
        @state("Items")
        def items(data):
            return [1, 2]

        @task_group
        def each(item):
            @wait("Item", item)
            def hold_item(data):
                return seconds(data)

            @state("Twice")
            def twice(data):
                return data * 2

            chain(hold_item, twice)
            return [twice]

        ends = each.expand(item=items.output)

        @results("Each", ends, items=items)
        def output(data, outputs):
            return {**data, "items": outputs}

    chain(hold, hold_until, each_item)
    return outcome(each_item)


@dag(dag_id="limits", schedule=None)
def limits():
    @state("Slow", execution_timeout=timedelta(seconds=5))
    def slow(data):
        with time_limit(data["limit"]):
            clock.hold(data["sleep"])
        return "in time"

    @state("Late")
    def late(data):
        return data["Error"]

    slow_catch = catch(slow, Catcher("States.TaskFailed", "States.Timeout", to=late))
    chain(slow, slow_catch)
    return outcome(slow_catch, late)


@dag(dag_id="static_limit", schedule=None)
def static_limit():
    @state("Slow", execution_timeout=timedelta(seconds=0.2))
    def slow(data):
        Event().wait(5)

    return slow.output


@dag(dag_id="settings", schedule=None)
def settings():
    @state("Read")
    def read(data):
        return {"text": f"{TABLE}/{TABLE.get()}", "json": WAITED.json(), "region": str(Setting("AWS::Region"))}

    return read.output


@dag(dag_id="context", schedule=None)
def context():
    @state("Look")
    def look(data):
        return context_object()

    return look.output


@dag(dag_id="operators", schedule=None)
def operators():
    """Operators as states: literals and documents that look like templates, and their failures."""
    run = BashOperator(
        task_id="run",
        bash_command=DOCUMENT >> (lambda data: data["command"]),
        **STATE,
    )

    @state("After")
    def after(data):
        return {"printed": data, "literal": "{{ ti.task_id }}"}

    @state("Handle")
    def handle(data):
        return data["Error"]

    run_catch = catch(run, Catcher("States.TaskFailed", to=handle))
    chain(run, run_catch, after)
    return outcome(after, handle)


@dag(dag_id="failures", schedule=None)
def failures():
    @state("Fail")
    def fail(data):
        match data["how"]:
            case "fail exception":
                raise AirflowFailException("no more")
            case "unknown":
                raise OSError("disk")
            case "no name":
                raise StateError()
            case "nan":
                return float("nan")
            case "set":
                return {1, 2}
            case "bytes":
                return b"x"
            case "key":
                return data["missing"]
            case "tuple":
                return (1, {2: "two"})
            case "surrogate":
                return "\ud83d"
        return None

    @state("Next")
    def following(data):
        return data

    @state("Handle")
    def handle(data):
        return {"caught": data}

    fail_catch = catch(fail, Catcher("States.ALL", to=handle))
    chain(fail, fail_catch, following)
    return outcome(following, handle)


@dag(dag_id="retried_parallel__both", schedule=None, **CHILD)
def retried_parallel__both():
    @group("Both")
    def both():
        @state("Left")
        def left(data):
            return invoke(ARN, data)

        @state("Right")
        def right(data):
            return aws("sqs:sendMessage", QueueUrl="q", MessageBody=context_object()["Execution"]["Name"])["MessageId"]

        @results("Both", [left], [right])
        def output(data, outputs):
            return {"input": data, "outputs": outputs, "state": context_object()["State"]["Name"]}

    return outcome(both)


@dag(dag_id="retried_parallel", schedule=None)
def retried_parallel():
    """A Parallel that is retried as a whole: a child DAG."""
    both = child_dag("Both", child, task_id="both", **retry(Retrier("Busy", interval=4, attempts=2)))

    @state("Handle")
    def handle(data):
        return {"handled": data}

    both_catch = catch(both, Catcher("States.ALL", to=handle))
    chain(both, both_catch)
    return outcome(both_catch, handle)


@dag(dag_id="nested_map__row", schedule=None, **CHILD)
def nested_map__row():
    @group("Row")
    def row():
        @state("Items")
        def items(data):
            return data

        @task_group
        def each(item):
            @state("Cell", item)
            def cell(data):
                if data < 0:
                    raise StateError("Negative", str(data))
                return data * 10

            return [cell]

        ends = each.expand(item=items.output)

        @results("Row", ends, items=items)
        def output(data, outputs):
            return outputs

    return outcome(row)


@dag(dag_id="nested_map", schedule=None)
def nested_map():
    """A Map in a Map: the inner one is a child DAG."""

    @group("Rows")
    def rows():
        @state("Items")
        def items(data):
            return data["rows"]

        @task_group
        def each(item):
            row = child_dag("Row", row_dag, item, task_id="row")

            @state("Sorry")
            def sorry(data):
                return data["Error"]

            row_catch = catch(row, Catcher("Negative", to=sorry))
            chain(row, row_catch)
            return [row_catch, sorry]

        ends = each.expand(item=items.output)

        @results("Rows", ends, items=items)
        def output(data, outputs):
            return outputs

    return outcome(rows)


retries()
waits()
limits()
static_limit()
settings()
context()
operators()
failures()
child = retried_parallel__both()
retried_parallel()
row_dag = nested_map__row()
nested_map()
