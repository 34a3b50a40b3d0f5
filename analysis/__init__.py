"""What a finished study says: paired statistics, figures, the report.

``paired`` and ``uncertainty`` hold the statistics, ``summary`` a study as read from its folder,
``gate`` the sentences that intervals support, ``catalogue``, ``numbers`` and ``texts`` how
measures, numbers and words are written in each language (``locale/``). ``figures/`` and
``report/`` make the pages of ``run`` and ``compare``; ``studies/`` answers the named ones,
``claims`` and ``verdicts`` the register of claims, ``fitted/`` is the report of ``gtm fit``,
``money/`` and ``inaction/`` the figures and the report of ``gtm inaction``.

>>> study = analysis.load("outputs/…")                     # doctest: +SKIP
>>> study.contrast("revenue_growth", "shared_okr")         # doctest: +SKIP
"""

from analysis.paired import Contrast, Interval, contrast, interval
from analysis.summary import Study, load, summarise

__all__ = ["Contrast", "Interval", "Study", "contrast", "interval", "load", "summarise"]
