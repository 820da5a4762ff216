"""What deploys a state machine: SAM template, roles, schedule, manual steps."""
