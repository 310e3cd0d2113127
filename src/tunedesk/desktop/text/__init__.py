"""Editing text without loss: a plain text editor that shows every character and changes none."""
