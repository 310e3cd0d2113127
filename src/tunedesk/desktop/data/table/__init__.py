"""The table: the left half of the data pane, with marks, columns, sorting, filters and the clipboard."""
