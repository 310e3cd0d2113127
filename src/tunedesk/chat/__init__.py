"""Conversations with a base model and its tuned self, side by side."""
