"""The Train wizard: from a dataset and a model to a run that may start."""
