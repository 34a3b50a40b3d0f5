"""Who made how much of a gap: exact Shapley values of a full factorial of levers.

Between the organisation with no lever pulled and the one with all pulled lies a gap; levers
interact, so what one adds depends on which others are pulled already. Shapley's value is the
mean of what it adds over all orders of pulling them (Shapley 1953). It is computed in exact
fractions: the shares of a gap sum to the gap, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations
from math import comb

Coalition = frozenset[str]


def coalitions(levers: Iterable[str]) -> list[Coalition]:
    """Every set of levers, the empty one first."""
    names = list(levers)
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def shapley(values: Mapping[Coalition, float]) -> dict[str, Fraction]:
    """Shapley value of every lever.

    Parameters
    ----------
    values : mapping of frozenset of str to float
        What comes out with each set of levers pulled: all sets, the empty one included.

    Returns
    -------
    dict of str to Fraction
        Exact contributions, in the order of the levers' names; they sum to
        ``values[all] − values[none]`` exactly.

    Raises
    ------
    ValueError
        A set is missing, or a value is not a finite number.
    """
    levers = sorted(frozenset().union(*values))
    missing = [some for some in coalitions(levers) if some not in values]
    if missing:
        raise ValueError(f"no value for {{{', '.join(sorted(missing[0]))}}}")
    try:
        exact = {some: Fraction(value) for some, value in values.items()}
    except (ValueError, OverflowError):
        raise ValueError("every value must be a finite number") from None
    n = len(levers)
    return {
        lever: sum(
            (
                Fraction(1, n * comb(n - 1, len(rest))) * (exact[rest | {lever}] - exact[rest])
                for rest in coalitions(name for name in levers if name != lever)
            ),
            start=Fraction(0),
        )
        for lever in levers
    }
