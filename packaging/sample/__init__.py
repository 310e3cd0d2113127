"""The text of the sample project: messages, their answers and the faults planted among them."""
