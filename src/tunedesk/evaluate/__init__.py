"""Whether a tuned model is better than the one it started from."""
