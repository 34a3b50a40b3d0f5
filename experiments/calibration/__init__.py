"""Calibration: what the patterns C1–C11 leave of the priors, rival forms of the model included."""
