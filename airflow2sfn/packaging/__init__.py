"""Python callables as Lambda functions: what they use, their handlers, their requirements."""
