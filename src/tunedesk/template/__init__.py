"""Example -> text -> token ids -> loss mask for one model folder; it needs tokenizers and jinja2, never
torch.
"""
