"""The same small page in three web frameworks, and what each costs: ``python -m benchmarks.frameworks``.

It has no ``run``: figures are megabytes, seconds and lost pages, not ratios of times, and one framework is no
dependency of the project, so ``python -m benchmarks`` leaves it out.
"""
