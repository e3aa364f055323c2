# Everything runs from .venv, which is made from requirements.lock when it is missing or older.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STUDY ?= demo
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help reports test check bench lab clean lock

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $(STAMP)

reports: $(STAMP) ## Ingest the study (STUDY=demo), run its notebooks, write its pages
	$(BIN)/evaltools run $(STUDY)

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -n auto --cov --cov-report=term --cov-fail-under=90

check: $(STAMP) ## Lint, types, layers, notebooks without outputs
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/test_notebooks.py tests/test_environment.py
	$(BIN)/nbstripout --verify notebooks/*.ipynb

bench: $(BENCH)/.installed ## Run all benchmarks beside their alternatives; each prints its ratios last
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BENCH)/bin/python $$script; done

$(BENCH)/.installed: requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet -r requirements-bench.lock
	$(BENCH)/bin/python -m pip install --quiet --no-deps -e .
	@touch $@

lab: $(STAMP) ## Open JupyterLab in notebooks/, on this machine only
	$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=notebooks

lock: $(STAMP) ## Pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra test --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra test --extra dev --extra bench -c requirements.lock \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	  -o requirements-bench.lock

clean: ## Remove what was made: .venv, processed data, reports, caches
	rm -rf $(VENV) $(BENCH) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
	find data/processed reports -mindepth 1 ! -name .gitkeep -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
