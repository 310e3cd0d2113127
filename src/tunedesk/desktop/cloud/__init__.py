"""Services in the window: which there are, their keys, their prices, and what is being sent to them."""
