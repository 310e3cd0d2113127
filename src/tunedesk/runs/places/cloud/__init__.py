"""A service that speaks OpenAI's fine-tuning API, as a place for runs."""
