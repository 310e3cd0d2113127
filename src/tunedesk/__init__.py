"""TuneDesk: fine-tune language models on examples edited by hand."""

__version__ = "0.1.0"
