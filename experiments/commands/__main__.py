"""``python -m experiments.commands``: the command line without the installed ``gtm``."""

import sys

from experiments.commands import main

if __name__ == "__main__":  # worker processes import this file under another name
    sys.exit(main())
