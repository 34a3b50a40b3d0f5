"""Named studies: what their runs say of their question, in a sentence and in figures.

A study is a file of ``configs/study``: a question, a design, figures and an answer. What is
written here turns finished runs and that file into words; the words are gated by intervals
(:mod:`analysis.gate`), so an answer that the runs do not support is not printed.
"""

from analysis.studies.answers import ANSWERS, Answer, answer
from analysis.studies.named import Named

__all__ = ["ANSWERS", "Answer", "Named", "answer"]
