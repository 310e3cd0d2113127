"""An OpenAI-compatible server for chat and fine-tuning jobs on one's own hardware."""
