"""The editable document of examples; knows files, rows and edits; nothing of models or the window."""
