"""Control flow of the runtime, one small DAG each. ``act`` fails where the input says so."""

from __future__ import annotations

from airflow.sdk import Label, chain, dag, task_group

from sfn2airflow.runtime import (
    Catcher,
    StateError,
    catch,
    choice,
    group,
    no_match,
    outcome,
    results,
    state,
)


def act(data, name):
    """Fail with the error that the input has for this state, else add the state to the document's path."""
    error = (data.get("fail") or {}).get(name)
    if error:
        raise StateError(error, f"cause of {name}")
    return {**data, "path": [*data.get("path", []), name]}


def keep(data, error):
    return {**data, "error": error}


@dag(dag_id="echo", schedule=None)
def echo():
    @state("First")
    def first(data):
        return data

    @state("Second")
    def second(data):
        return data

    chain(first, second)
    return second.output


@dag(dag_id="choose", schedule=None)
def choose():
    @choice("Pick", document=lambda data: {"picked": data["to"]})
    def pick(data):
        if data["to"] == "left":
            return "left"
        if data["to"] == "both":
            return "both"
        if data["to"] == "end":
            return "outcome"
        if data["to"] == "fail":
            return "broken"
        raise no_match("Pick")

    @state("Left")
    def left(data):
        return {**data, "left": True}

    @state("Right")
    def right(data):
        return {**data, "right": True}

    @state("Broken")
    def broken(data):
        raise StateError("Broken", "on purpose")

    @group("Both")
    def both():
        @state("One")
        def one(data):
            return 1

        @state("Two")
        def two(data):
            return None

        @results("Both", [one], [two])
        def output(data, outputs):
            return {**data, "both": outputs}

    chain(pick, Label("left"), left, right)
    chain(pick, both)
    chain(pick, broken)
    return outcome(right, both, pick)


@dag(dag_id="nested_parallel", schedule=None)
def nested_parallel():
    @group("Outer")
    def outer():
        @choice("Short cut")
        def short_cut(data):
            return "output" if data.get("short") else "long"

        @state("Long")
        def long(data):
            return "long"

        @group("Inner")
        def inner():
            @state("A")
            def a(data):
                return act(data, "A")["path"]

            @state("B")
            def b(data):
                return act(data, "B")["path"]

            @results("Inner", [a], [b])
            def output(data, outputs):
                return outputs

        inner_catch = catch(inner, Catcher("Soft", to=(soft := _soft())))

        @results("Outer", [short_cut, long], [inner_catch, soft])
        def output(data, outputs):
            return {"outputs": outputs, "input": data}

        chain(short_cut, long)
        chain(inner, inner_catch)

    @state("Rescue")
    def rescue(data):
        return {"rescued": data}

    outer_catch = catch(outer, Catcher("States.TaskFailed", to=rescue, document=keep))
    chain(outer, outer_catch)
    return outcome(outer_catch, rescue)


def _soft():
    @state("Soft")
    def soft(data):
        return {"soft": data["Error"]}

    return soft


@dag(dag_id="map_everything", schedule=None)
def map_everything():
    """Choice, Catch and Parallel with Catch in each item."""

    @state("Start")
    def start(data):
        return data

    @group("Each")
    def each_item():
        @state("Items")
        def items(data):
            return data["items"]

        @task_group
        def each(item):
            @choice("Kind", item)
            def kind(data):
                if data is None or isinstance(data, int | str | list):
                    return "plain"
                return "both" if data.get("both") else "work"

            @state("Plain")
            def plain(data):
                return data

            @state("Work")
            def work(data):
                return act(data, "Work")

            @state("After work")
            def after_work(data):
                return act(data, "After work")

            @state("Handle")
            def handle(data):
                return {"handled": data["error"]["Error"], "n": data["n"]}

            work_catch = catch(work, Catcher("Small", "Tiny", to=handle, document=keep))

            @group("Both")
            def both():
                @state("Left 1")
                def left_1(data):
                    return act(data, "Left 1")

                @state("Left 2")
                def left_2(data):
                    return act(data, "Left 2")

                @state("Right")
                def right(data):
                    return act(data, "Right")

                @results("Both", [left_2], [right])
                def output(data, outputs):
                    return {"n": data["n"], "both": [o["path"][-1] for o in outputs]}

                chain(left_1, left_2)

            both_catch = catch(both, Catcher("States.ALL", to=handle, document=keep))

            chain(kind, Label("plain"), plain)
            chain(kind, work, work_catch, after_work)
            chain(kind, both, both_catch)
            return [plain, after_work, both_catch, handle]

        ends = each.expand(item=items.output)

        @results("Each", ends, items=items)
        def output(data, outputs):
            return {"outputs": outputs, "input": data.get("note")}

    @state("Rescue")
    def rescue(data):
        return {"rescued": data["Error"], "cause": data["Cause"]}

    each_catch = catch(each_item, Catcher("States.ALL", to=rescue))
    chain(start, each_item, each_catch)
    return outcome(each_catch, rescue)


@dag(dag_id="map_in_parallel", schedule=None)
def map_in_parallel():
    @group("Sides")
    def sides():
        @group("Numbers")
        def numbers():
            @state("Items")
            def items(data):
                return data["items"]

            @task_group
            def each(item):
                @state("Double", item)
                def double(data):
                    return data * 2

                return [double]

            ends = each.expand(item=items.output)

            @results("Numbers", ends, items=items)
            def output(data, outputs):
                return outputs

        @state("Other")
        def other(data):
            return "other"

        @results("Sides", [numbers], [other])
        def output(data, outputs):
            return outputs

    return outcome(sides)


@dag(dag_id="catches", schedule=None)
def catches():
    """A, B, C; of A's errors, Same goes to B (its next state), One and Two to Shared by different documents."""

    @state("A")
    def a(data):
        return act(data, "A")

    @state("B")
    def b(data):
        return act(data, "B")

    @state("C")
    def c(data):
        return act(data, "C")

    @state("Shared")
    def shared(data):
        return act(data, "Shared")

    a_catch = catch(
        a,
        Catcher("Same", to=b, document=keep),
        Catcher("One", to=shared, document=lambda data, error: {**data, "one": error["Error"]}),
        Catcher("Two", to=shared, document=lambda data, error: {**data, "two": error["Error"]}),
        onward=b,
    )
    b_catch = catch(b, Catcher("States.ALL", to=shared, document=keep))
    chain(a, a_catch)
    chain(b, b_catch, c)
    chain(shared, c)
    return c.output


@dag(dag_id="last_is_catch", schedule=None)
def last_is_catch():
    """A catch as the last state of everything, with two handlers and nothing after it."""

    @state("Only")
    def only(data):
        return act(data, "Only")

    @state("First")
    def first(data):
        return "first"

    @state("Second")
    def second(data):
        return "second"

    only_catch = catch(only, Catcher("One", to=first), Catcher("States.ALL", to=second))
    chain(only, only_catch)
    return outcome(only_catch, first, second)


echo()
choose()
nested_parallel()
map_everything()
map_in_parallel()
catches()
last_is_catch()
