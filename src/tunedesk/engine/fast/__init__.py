"""Faster ways to the same numbers, each with a switch and a test that it changes nothing but rounding."""
