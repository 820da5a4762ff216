"""The states of generated DAGs that were in JSONPath, read back as what they were."""
