"""Plain YAML files: organisations, arms, pay plans and presets, read by :mod:`sim.configuration`."""
