"""Arguments that tasks have whatever they do, and which of them mean something in a state machine."""

from __future__ import annotations

EVERY_TASK = frozenset(
    {
        "task_id", "retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay", "execution_timeout",
        "trigger_rule", "owner", "doc", "doc_md", "doc_json", "doc_yaml", "doc_rst", "start_date", "end_date", "email",
        "do_xcom_push", "python_callable", "op_args", "op_kwargs", "multiple_outputs", "show_return_value_in_logs",
        "ignore_downstream_trigger_rules", "map_index_template", "max_active_tis_per_dagrun", "max_active_tis_per_dag",
        "weight_rule", "priority_weight", "queue", "soft_fail", "timeout", "poke_interval", "mode", "dag", "task_group",
        "email_on_failure", "email_on_retry", "depends_on_past", "wait_for_downstream", "task_display_name", "sla",
        "on_failure_callback", "on_success_callback", "on_skipped_callback", "on_retry_callback", "on_execute_callback",
    }
)  # fmt: skip
"""Arguments that are translated elsewhere, or change nothing in what one run does."""

NOTICED = ("pool", "inlets", "outlets", "run_as_user")
"""Arguments that mean something and are reported where a task has them."""
TRUE_ONLY = ("depends_on_past", "wait_for_downstream")
"""Arguments that are reported where they are true."""

POLLING = frozenset(
    {
        "aws_conn_id", "region_name", "region", "verify", "botocore_config", "deferrable", "poll_interval",
        "waiter_delay", "waiter_max_attempts", "waiter_interval", "wait_interval_seconds", "max_iterations",
        "sleep_time", "max_polling_attempts", "max_attempts", "max_attempt", "verbose", "mode", "check_interval",
        "number_logs_exception", "awslogs_group", "awslogs_region", "awslogs_stream_prefix", "awslogs_fetch_interval",
        "log_query", "print_log", "poke_interval", "reattach", "stop_job_run_on_kill", "sleep_before_return",
        "max_retries", "status_retries", "job_poll_interval", "job_poll_timeout", "durable", "max_ingestion_time",
        "awslogs_enabled", "container_name", "delay",
    }
)  # fmt: skip
"""Arguments about how Airflow waits, logs and connects; the state machine waits in its own way with its own role."""
