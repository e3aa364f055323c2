# Everything runs from .venv, which is made from requirements.lock when it is missing or older.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STUDY ?= demo
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help reports test check bench lab audit clean lock

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	$(BIN)/jupyter kernelspec install --sys-prefix --name evaltools --log-level=WARN src/evaltools/reports/kernelspec/evaltools
	@touch $(STAMP)

reports: $(STAMP) ## Ingest the study (STUDY=demo), run its notebooks, write its pages
	$(BIN)/evaltools run $(STUDY)

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=90

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
	$(BIN)/jupyter lab --ip=127.0.0.1 --config=notebooks/jupyter_server_config.py --notebook-dir=notebooks

# pip-audit counts a package that its service does not know as clean; this does not.
define AUDIT
import json, sys
try:
    found = json.load(sys.stdin)["dependencies"]
except ValueError:
    sys.exit(print("audit: not checked: pip-audit had no answer; is the network there?"))
skipped = [item["name"] for item in found if "skip_reason" in item]
for item in found:
    for hit in item.get("vulns", []):
        better = ", ".join(hit["fix_versions"]) or "none yet"
        print("audit:", item["name"], item["version"], hit["id"], "mended in:", better)
checked = len(found) - len(skipped)
if not checked:
    sys.exit(print("audit: not checked: the service knows none of", len(found), "packages"))
print("audit:", checked, "packages checked,", len(skipped), "not checked", *skipped[:5])
sys.exit(any(item.get("vulns") for item in found))
endef
export AUDIT

audit: $(STAMP) ## Look the locked packages up among known vulnerabilities (needs the network)
	@$(BIN)/pip-audit -r requirements.lock --disable-pip --require-hashes --format json \
	  --progress-spinner off --timeout 10 2>/dev/null | $(BIN)/python -c "$$AUDIT"

lock: $(STAMP) ## Pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra test --extra dev --extra cluster --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra test --extra dev --extra cluster --extra bench -c requirements.lock \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	  -o requirements-bench.lock

clean: ## Remove what was made, but no record of a release: .venv, processed data, reports, caches
	rm -rf $(VENV) $(BENCH) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
	find data/processed reports -mindepth 1 -depth ! -name .gitkeep ! -path '*/releases*' -delete 2>/dev/null || true
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
