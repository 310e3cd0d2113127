"""From any format to any other by way of one form that holds them all; what is lost on the way is told."""
