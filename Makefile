# make demo   the headline comparison, from nothing
# make test   every check there is; the continuous integration runs just this
# make setup  only .venv      make bench   the speed of this machine
# make format make lock       make docs    make answers   make examples   make clean
#
# Needs Python 3.11 or newer, make and a C library. Another Python: make PYTHON=python3.12 setup

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# -qq: errors only. Byte code is left to the first import, which needs a tenth of the files.
INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-compile
# The same files by the same hashes; pip fetches and unpacks one after the other.
UV := $(PY) -m uv pip install -qq --python $(PY)
STAMP := $(VENV)/.installed
# Many containers forbid byte code by this: every process of a test would compile a thousand files again.
unexport PYTHONDONTWRITEBYTECODE
# Folders of code; one that holds no Python file yet is left out.
CODE := $(foreach folder,sim experiments analysis workshop,$(if $(wildcard $(folder)/*.py),$(folder)))
PYTEST := $(PY) -m pytest
# Files with tests of a mark; the others need not be imported to find none there.
marked = $(shell grep -l 'mark\.$(1)' tests/test_*.py)
TWO := -n 2 --dist loadfile
# A few tests are as long as a hundred others: whoever is idle takes the next one.
SHARED := -n 2 --dist worksteal

.PHONY: setup demo test lint types floors engine tests suite fast checked bounds interpreted slow programs bench docs answers examples format lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 or newer is needed, '$(PYTHON)' is not; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "error: this Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/^    # via/p' requirements.lock > $(VENV)/uv.lock
	@$(INSTALL) --require-hashes -r $(VENV)/uv.lock
	@$(UV) --require-hashes -r requirements.lock || { \
	  echo "NOTE: uv, which knows nothing of pip's settings, could not install; pip does, which takes longer" >&2; \
	  $(INSTALL) --require-hashes -r requirements.lock; }
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(VENV)/bin/gtm compare

# First what is one process each, two at a time; the tests begin as soon as one place is free.
test: setup programs
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target bounds engine types lint floors interpreted tests

# How far they are is seen while they run, which output that is kept together would not show.
tests: engine
	@$(MAKE) --no-print-directory --output-sync=none suite

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup
	$(PY) -m mypy --strict $(CODE)

floors: setup
	$(VENV)/bin/lint-imports --no-logo

fast: setup
	$(PYTEST) $(TWO) -m "not slow"

# Fast and slow in one go: what a file's tests share is made once, and nobody waits between the two.
suite: setup
	$(PYTEST) $(SHARED)

# Machine code of both engines, once: tests side by side would each make their own.
engine: setup
	@$(PY) -c "import sim; org = sim.load('smb', overrides={'horizon.burn_in_months': 0}); \
	  [sim.simulate(org, months=1, engine=engine) for engine in ('compiled', 'mesa')]"

# Those marked for it once more, with array bounds checked and without the compiler.
checked: bounds interpreted

bounds: setup
	GTM_BOUNDSCHECK=1 $(PYTEST) -q -m boundscheck $(call marked,boundscheck)

interpreted: setup
	NUMBA_DISABLE_JIT=1 $(PYTEST) -q -m interpreted $(call marked,interpreted)

slow: setup
	$(PYTEST) $(SHARED) -m slow

# Programs that some tests drive and pip does not have: Debian's own, put there when we may; else those tests say
# that they skip.
programs:
	@missing=; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="chromium"; \
	command -v soffice >/dev/null || command -v libreoffice >/dev/null || missing="$$missing libreoffice-calc-nogui"; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq >/dev/null; \
	  for package in $$missing; do \
	    echo "Installing $$package for the tests that drive it"; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package >/dev/null || \
	      echo "NOTE: $$package could not be installed: the tests that drive it will skip"; \
	  done; \
	else echo "NOTE: not here: $$missing; the tests that drive it will skip"; fi

bench: setup
	$(PY) -m benchmarks

docs: setup
	$(PY) docs/build.py

answers: setup
	$(PY) docs/answers.py outputs/answers

examples: setup
	$(PY) docs/examples.py outputs/examples

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Every version and every file's hash, for all Pythons and systems at once. Newer versions: make lock UPGRADE=--upgrade
lock: setup
	@cp requirements.lock requirements.lock.new
	@$(PY) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --quiet $(UPGRADE) --output-file requirements.lock.new
	@{ echo "# Written by 'make lock' from pyproject.toml: all that is installed, by version and hash."; \
	  cat requirements.lock.new; } > requirements.lock
	@rm requirements.lock.new

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +
