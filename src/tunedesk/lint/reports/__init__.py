"""A lint report as people and programs read it: one file a form."""
