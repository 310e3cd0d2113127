"""Training and generation: the only code with tensors, always in a process of its own."""
