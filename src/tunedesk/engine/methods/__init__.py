"""How examples become a loss: one file for each way of learning from them."""
