"""Which share of the gap between two arms runs through expansion: a channel beside new business.

Being told of a customer's signal is a matter of visibility, so a dial of alignment can
move growth through it without one more deal won. Whoever reads a gap must see how much of
it came this way.
"""

from __future__ import annotations

import math

from analysis.numbers import numbers
from analysis.summary import Study
from analysis.texts import texts


def lines(study: Study, language: str) -> list[str]:
    """A sentence an arm; none where the study does not have the measures."""
    words, write = texts(language), numbers(language)
    found = []
    for arm in study.others:
        gap = study.expansion_share_of_gap(arm)
        names = {"arm": words.arm_title(arm), "baseline": words.arm(study.baseline)}
        if not gap.n:
            continue
        if math.isnan(gap.share):
            found.append(words("gap.unknown", **names))
            continue
        key = "against" if gap.high < 0.0 else "more" if gap.share > 1.0 else "through"
        low, high = (write.percent(bound, 0, signed=True) for bound in (gap.low, gap.high))
        found.append(words(f"gap.{key}", share=write.percent(gap.share, 0, signed=True), low=low, high=high, **names))
    return found
