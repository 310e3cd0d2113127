"""The Runs pane: the runs of a project, and one of them live."""
