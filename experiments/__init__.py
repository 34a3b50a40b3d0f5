"""Experiments: what to run, on what, and where the results live."""
