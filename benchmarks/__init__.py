"""Speed, measured as ratios inside one run: see ``README.md``; ``python -m benchmarks`` runs all."""
