"""Where a run can execute."""
