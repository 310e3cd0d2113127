"""A job, its run folder, what happened in it, and the places where a run can execute."""
