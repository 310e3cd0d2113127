"""Example -> text -> token ids -> loss mask for one model folder, and token counts for OpenAI's models; needs
tokenizers, tiktoken and jinja2, never torch.
"""
