"""What both commands share around their work: command groups, configuration, inputs, and safe writing of outputs."""
