"""One file for each family of formats: what a row's keys mean."""
