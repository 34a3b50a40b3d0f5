"""What a finished study says: paired statistics, figures, the report.

>>> study = analysis.load("outputs/…")                     # doctest: +SKIP
>>> study.contrast("revenue_growth", "shared_okr")         # doctest: +SKIP
"""

from analysis.paired import Contrast, Interval, contrast, interval
from analysis.summary import Study, load, summarise, write_summary

__all__ = ["Contrast", "Interval", "Study", "contrast", "interval", "load", "summarise", "write_summary"]
