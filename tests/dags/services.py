"""Calls of services, as functions and as jobs."""

from __future__ import annotations

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import chain, dag, task_group

from sfn2airflow.runtime import Catcher, array, as_state, aws, catch, group, invoke, job, outcome, results, state

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:work"


@dag(dag_id="calls", schedule=None)
def calls():
    @state("Object")
    def read_object(data):
        return aws("aws-sdk:s3:getObject", Bucket="b", Key="k")["Body"]

    @state("Jobs")
    def jobs(data):
        return [data, aws("aws-sdk:batch:describeJobs", Jobs=["j"])["Jobs"][0]["JobId"]]

    @state("Function")
    def function(data):
        return aws("lambda:invoke", FunctionName="f", Payload={"data": data})["Payload"]

    chain(read_object, jobs, function)
    return function.output


@dag(dag_id="one_call", schedule=None)
def one_call():
    @state("Put")
    def put(data):
        return aws("dynamodb:putItem", TableName="t", Item={"id": {"S": "1"}})

    @state("Caught")
    def caught(data):
        return data

    put_catch = catch(put, Catcher("States.ALL", to=caught))
    chain(put, put_catch)
    return outcome(put_catch, caught)


@dag(dag_id="each_call", schedule=None)
def each_call():
    @group("Each")
    def each_item():
        @state("Items")
        def items(data):
            return array(data)

        @task_group
        def each(item):
            @state("Work", item)
            def work(data):
                return invoke(ARN, data)

            return [work]

        ends = each.expand(item=items.output)

        @results("Each", ends, items=items)
        def output(data, outputs):
            return outputs

    return outcome(each_item)


@dag(dag_id="jobs", schedule=None)
def jobs():
    glue = as_state(GlueJobOperator, "Glue", task_id="glue", job_name="etl", deferrable=True, durable=False)
    batch = as_state(
        BatchOperator,
        "Batch",
        task_id="batch",
        job_name="n",
        job_queue="q",
        job_definition="d",
        deferrable=True,
        output=lambda data, result: [data["JobRunState"], result["Status"]],
    )

    @state("Caught")
    def caught(data):
        return data

    glue_catch = catch(glue, Catcher("States.ALL", to=caught))
    chain(glue, glue_catch, batch)
    return outcome(batch, caught)


@dag(dag_id="any_job", schedule=None)
def any_job():
    build = job("codebuild:startBuild.sync", "Build", task_id="build", arguments={"ProjectName": "p"})
    return build.output


calls()
one_call()
each_call()
jobs()
any_job()
