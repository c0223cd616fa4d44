# `make demo` and `make test` are all a newcomer needs: Python 3.11 or 3.12, make and gcc.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first interpreter that is 3.11 or 3.12; name another with PYTHON=...
PYTHON ?= $(shell for python in python3 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $$python && break; done)
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := $(UV) run --locked --no-sync
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo test lint hooks bench stop clean

help: ## Show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/.ready superset/.venv/.ready ## Bring everything up on a generated contract, through Airflow
	@$(RUN) outturn demo

test: .venv/.ready superset/.venv/.ready ## Set up and pass the tests
	@$(RUN) pytest

# src/outturn/sql is left out: sqlfluff cannot read the bodies of SQL-standard functions.
lint: .venv/.ready ## Style, types, YAML and the models' SQL
	@$(RUN) ruff check . && $(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) yamllint --strict .
	@$(RUN) sqlfluff lint --disable-progress-bar dbt_project

hooks: .venv/.ready ## Let git ask the linters before each commit
	@$(RUN) pre-commit install

bench: .venv/.ready ## Measure, as ratios in one run
	@$(RUN) python -m bench

stop: .venv/.ready ## End what was started
	@$(RUN) outturn stop

clean: ## Remove the state: archive, server, logs, passwords (the environment stays)
	@if [ -e .venv/.ready ]; then $(RUN) outturn clean --yes; fi

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; name it with PYTHON=/path/to/python"; exit 1; }
	@echo "… uv $(UV_VERSION)"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: uv.lock pyproject.toml | $(UV)
	@echo "… the locked environment"
	@started=$$SECONDS; $(UV) sync --locked --python $(PYTHON) --quiet && touch $@ && echo "✓ the locked environment ($$((SECONDS - started)) s)"

superset/.venv/.ready: superset/uv.lock superset/pyproject.toml | $(UV)
	@echo "… the locked environment of Superset"
	@started=$$SECONDS; $(UV) sync --locked --project superset --python $(PYTHON) --quiet && touch $@ && echo "✓ the locked environment of Superset ($$((SECONDS - started)) s)"
