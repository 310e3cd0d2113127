"""Colours, icons and fonts of the window; knows nothing of what is shown."""
