"""What a workflow costs and where it meets limits on Step Functions and on Airflow, and how the two differ for it."""
