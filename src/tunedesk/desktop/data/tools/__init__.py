"""Tools that work on many rows at once, each a page in the place of the row's editor."""
