# Thin: each target calls one command of the environment. `make help` lists them.
PYTHON ?= python3
REPORT ?=
JOBS ?=
AS_OF ?=
SHOW ?=
REMOVE ?=
FEED ?=

# A private .venv from requirements.lock, unless a conda environment other than "base" is active: then that one.
ifneq ($(filter-out base,$(CONDA_DEFAULT_ENV)),)
VENV ?= $(CONDA_PREFIX)
endif
VENV ?= .venv
BIN := $(VENV)/bin
ifeq ($(VENV),.venv)
READY := .venv/ready
endif

.PHONY: help report test check setup-git lab watch data schedule docs bench lock
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

report: $(READY) ## Build every report as HTML and PDF, or one: make report REPORT=vietnam-trade; JOBS=4 at once; AS_OF=2026-10-31 as of then
	@$(BIN)/legation build $(if $(JOBS),--jobs $(JOBS)) $(if $(AS_OF),--as-of $(AS_OF)) $(REPORT)

test: $(READY) ## Run every check: notebooks and specs, style, types, import contract, tests
	@$(BIN)/legation check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(READY) ## Say what is wrong in notebooks and specs, in a second and without running them
	@$(BIN)/legation check

setup-git: $(READY) ## Let Git commit notebooks without outputs, and show and merge them cell by cell; REMOVE=1 undoes it
	@$(BIN)/legation setup-git $(if $(REMOVE),--remove)

lab: $(READY) ## Open the notebooks in JupyterLab
	@$(BIN)/legation lab

watch: $(READY) ## Show a report in the browser, built again at each save: make watch REPORT=vietnam-trade
	@$(BIN)/legation watch $(REPORT)

data: $(READY) ## Check data/, ask publishers for fresh figures, and say what changed; or one feed: make data FEED=ecb-rates
	@$(BIN)/legation data update $(FEED)

schedule: $(READY) ## Run reports at the times their specs name, from now on; SHOW=1 prints what it would install, REMOVE=1 takes it away
	@$(BIN)/legation schedule $(if $(SHOW),--show) $(if $(REMOVE),--remove)

docs: $(READY) ## Build tutorials, guides, reference and gallery as HTML and PDF, into docs/built/
	@$(BIN)/legation docs

bench: $(READY) ## Measure the press against the plain pipeline, large tables, and the treaty tools on the texts in ../shared
	@for each in press large_tables products every_reporter segment_tota compare_treaties suggest_types; do $(BIN)/python tests/benchmarks/$$each.py || exit 1; done

lock: $(READY) ## Pin every version anew in requirements.lock (needs uv and a network)
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --custom-compile-command "make lock" --quiet --output-file requirements.lock

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Legation needs Python 3.11 or newer; this is %d.%d. Name another: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Building the environment in .venv (once; two to five minutes without a word)"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/ready
