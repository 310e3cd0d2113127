"""The Chat pane: the base model and its tuned self answer side by side."""
