"""From a CRM export to an organisation: read, map, clean, estimate, back-test, match, write.

The modules stand in this order: :mod:`tables` reads a file, :mod:`values` and :mod:`amounts`
its cells, :mod:`mapping` finds its columns, :mod:`cleaning` counts and handles what is
wrong, :mod:`estimates` says what the data say, :mod:`forecast` predicts and is put to the
test, :mod:`matching` finds the parameters whose simulation says the same, and
:mod:`profile` writes them down. :mod:`conduct` calls them one after another.

Names of people are replaced by numbers while a file is read; no row is kept or sent.
"""
