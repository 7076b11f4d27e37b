# Common Ground. `make run` opens the app, `make test` runs the tests; both prepare .venv/ first.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PLACE ?= demo
# What you are on your own machine: a commissioner writes scenarios, a board agrees to them.
ROLE ?= commissioner
# Tests run in as many processes as there are cores, two to four: each holds some 1.5 GB. One file
# stays in one of them, with what it has built. The order is that of tests/conftest.py: the files
# that take longest come first.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 2 ? 2 : n > 4 ? 4 : n)))
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
STAMP := .venv/.installed
# Where it is set, every process and server of a test compiles all modules and tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test realdata browser lint types imports format check benchmarks tour lock clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## prepare .venv/ from the hash-checked lock file
$(STAMP): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later with venv is needed (Debian: python3 python3-venv)"; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	# xstatic-leaflet has no wheel: the pinned tools that build it come first, so that no build downloads anything unpinned.
	awk '/^(packaging|setuptools|wheel)==/{keep=1} keep{print} !/\\$$/{keep=0}' requirements.lock > .venv/build-tools.txt
	$(PIP) --no-deps --require-hashes -r .venv/build-tools.txt
	$(PIP) --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: setup ## open the app on the demo place (PLACE=folder, USER=name, ROLE=board for others)
	$(BIN)/commonground serve $(PLACE) --role $(ROLE) --user "$(USER)"

test: setup ## the tests that need no data from outside (browser tests where a Chromium is found)
	$(PYTEST) -m "not realdata and not slow and not postgres"

realdata: setup ## the tests on real open data (COMMONGROUND_REALDATA=folder)
	$(PYTEST) -m realdata

browser: setup ## the tests in a real Chromium
	$(PYTEST) -m browser

lint: setup ## format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup ## static types
	$(BIN)/mypy

imports: setup ## the one-way import rule
	$(BIN)/lint-imports

format: setup ## rewrite to house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint types imports test ## everything a change must pass

benchmarks: setup ## timings against other tools
	$(BIN)/python -m benchmarks

tour: setup ## photograph the pages on the demo place into docs/img (needs a Chromium)
	$(BIN)/python -m benchmarks.tour

lock: ## write requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras pyproject.toml -o requirements.lock

clean: ## remove what was built
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
