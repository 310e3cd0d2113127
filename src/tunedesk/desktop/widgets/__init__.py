"""Small widgets that several panes share; they know nothing of datasets or runs."""
