# Everything a checkout can do. Needs make and Python 3.11 or later; the rest goes into .venv.

PYTHON ?= $(shell for python in python3.12 python3.13 python3.11 python3 python3.14 python \
	"$$HOME"/.pyenv/versions/3.1[1-9]*/bin/python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$python" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# Dozens of processes are started: what one compiles serves the next, also where the environment keeps none of it.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help env demo up test test-all lint format bench requirements migration screenshots

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

env: .venv/.dev ## The environment, with what tests and checks need

demo: .venv/.run ## A handful of calls, live; EXIT=1 leaves when all is done, CARRIER=… chooses who dials
	@$(BIN)/outdial demo $(if $(EXIT),--exit) $(if $(CARRIER),--carrier $(CARRIER))

up: .venv/.run ## Temporal, the API and a worker, until Ctrl-C
	@$(BIN)/outdial up

test: .venv/.dev ## The suite; ARGS=… goes to pytest
	@$(BIN)/python -m pytest -q -m "not slow" $(SIDE_BY_SIDE) $(ARGS)

test-all: .venv/.dev ## The suite with its slow part
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) $(ARGS)

# Much of it waits for processes, so there is room for more than two cores have.
SIDE_BY_SIDE := -n 4 --dist loadfile --no-loadscope-reorder

lint: .venv/.dev ## Style, types, who imports whom, who may see what
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_architecture.py

format: .venv/.dev ## Puts the code into its one form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: .venv/.dev ## Calls per second, latencies and lateness, beside a floor
	@$(BIN)/python -m bench $(ARGS)

screenshots: .venv/.dev ## Pictures of the dashboard, into docs/screenshots
	@$(BIN)/python -m tests.dashboard.screenshots

migration: .venv/.dev ## A revision from what changed in the models; NAME="adds a column"
	@$(BIN)/python -m outdial.migrations "$(NAME)"

requirements: .venv/.dev ## Pins anew what pyproject.toml asks for
	@$(PIP) install uv
	@$(BIN)/uv pip compile $(PINNING) --extra checkout -o requirements.txt
	@$(BIN)/uv pip compile $(PINNING) --extra checkout --extra dev -c requirements.txt -o requirements-dev.txt

PINNING := --quiet --upgrade --generate-hashes --no-header --universal --python-version 3.11 pyproject.toml

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Outdial needs Python 3.11 or later, and there is none on the PATH." \
		"Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) (once)"
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; echo "This Python can't make environments;" \
		"on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/.run: requirements.txt | .venv/bin/python
	@echo "Installing what Outdial runs on (about half a minute, once)"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --config-settings editable_mode=compat -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo "Installing what tests and checks need (once)"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@-$(BIN)/python -m tests.javascript
	@$(BIN)/python -m tests.browser
	@touch $@
