"""What a run will need before it starts: settings, memory, time, and what stands in its way."""
