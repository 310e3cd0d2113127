"""The data pane: a dataset as a table, one example as turns, as JSON and as what will be trained."""
