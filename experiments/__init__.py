"""Experiments: what to run, on what, and where the results live.

A study passes, in this order: ``commands/`` (``application`` reads the words, one file a command),
``config/`` (``overrides``, ``checked``: settings), ``design`` and ``points`` (what is varied),
``models`` (what one run is), ``conduct`` (the study as a whole, ``replications`` of it,
``manifest``), ``runner`` with ``executors`` and ``cluster``, ``store`` and ``parts`` (what was
run), ``tables`` (files that are whole or not there). ``commands/finish`` then hands over to
:mod:`analysis`.

Beside it: ``patterns`` (C1–C11), ``baseline`` (defaults that meet them), ``calibration/`` (the
posterior); ``validation``, ``held_out`` and ``panels`` (V1–V11); ``claims/``, ``studies/``,
``sensitivity``; ``fitting/`` (a profile from an export), ``inaction/`` (a client's cost of going
on as today), ``twins`` (the same lead in two arms), ``foreign`` (somebody else's model).
"""
