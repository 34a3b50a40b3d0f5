"""A client, from its file and its audit to the arms, the draws and the runs of ``gtm inaction``."""
