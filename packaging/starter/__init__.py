"""How the starter model is made: the text of its small world, its tokenizer and its training."""
