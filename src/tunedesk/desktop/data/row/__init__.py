"""The right half of the data pane: one row as cards, as JSON, and as what is trained; its findings."""
