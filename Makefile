# The one front door. A machine with python3 (3.11 or newer), make and pip needs nothing else.
#   make demo        place one call and watch it            make test PYTEST_ARGS="-k ring"
#   make up          keep the whole stack running           make check
#   make demo DEMO_ARGS=--keep   and leave it up afterwards
#
# PYTHON is only used to make the virtual environment; everything after that runs inside it.

PYTHON  ?= python3
RUN_DIR ?= .run
VENV    := .venv
RUN     := $(VENV)/bin/python

# What mypy reads. A test asserts that this list and the rooms on disk are the same.
ROOMS   := activities adapters bench calls conversation examples gateway runtime simulator workflows tests
FILES   := $(wildcard serve.py worker.py starter.py)

EMBEDDED := $(VENV)/.installed-embedded
DEV      := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test check bench chaos reasons survival fuzz limits lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(EMBEDDED) ## Start everything, place one call, show its record, take everything down
	@$(RUN) -m runtime.embedded demo --run-dir "$(RUN_DIR)" $(DEMO_ARGS)

up: $(EMBEDDED) ## Start everything and keep it up until Ctrl-C
	@$(RUN) -m runtime.embedded up --run-dir "$(RUN_DIR)"

# By file: a file's tests share what they started.
test: $(DEV) ## Run the tests (PYTEST_ARGS="..." is handed to pytest)
	$(RUN) -m pytest -n 3 --dist loadfile $(PYTEST_ARGS)

check: $(DEV) ## Format, lint, types, import contracts
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy $(ROOMS) $(FILES)
	$(VENV)/bin/lint-imports

bench: $(EMBEDDED) ## Measure beside the floors (BENCH_ARGS="--quick", "--write" for docs/performance.md)
	@$(RUN) -m bench --run-dir "$(RUN_DIR)" $(BENCH_ARGS)

chaos: $(EMBEDDED) ## Kill processes under load, judge by the carrier's ledger (CALLS=… SEED=…)
	@$(RUN) -m bench.chaos --run-dir "$(RUN_DIR)" $(if $(CALLS),--calls $(CALLS)) $(if $(SEED),--seed $(SEED)) $(CHAOS_ARGS)

# --universal: one lock for every platform and Python that we support, with the hashes of all their files.
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
              --no-emit-index-url --no-header pyproject.toml

reasons: $(EMBEDDED) ## End calls in every way there is, and compare records with the carrier's ledger
	@$(RUN) -m bench.reasons --run-dir "$(RUN_DIR)"

survival: $(EMBEDDED) ## Kill and stop gateways under live conversations (CALLS=…)
	@$(RUN) -m bench.survival --run-dir "$(RUN_DIR)" $(if $(CALLS),--calls $(CALLS))

fuzz: $(EMBEDDED) ## Send bad frames to a gateway while others talk (FRAMES=… SEED=…)
	@$(RUN) -m bench.fuzz --run-dir "$(RUN_DIR)" $(if $(FRAMES),--frames $(FRAMES)) $(if $(SEED),--seed $(SEED))

limits: $(EMBEDDED) ## Place calls under a limit, kill everything, compare with the carrier's ledger (CALLS=…)
	@$(RUN) -m bench.limits --run-dir "$(RUN_DIR)" $(if $(CALLS),--calls $(CALLS))

lock: ## Write the three lock files anew (needs uv on PATH)
	@command -v uv >/dev/null || { echo "make lock needs uv on PATH (pip install uv, anywhere)" >&2; exit 2; }
	$(UV_COMPILE) --output-file requirements.lock
	$(UV_COMPILE) --extra embedded --output-file requirements-embedded.lock
	$(UV_COMPILE) --extra embedded --extra dev --output-file requirements-dev.lock

clean: ## Remove the virtual environment, the caches and the default run folder
	@if [ -e .run/stack.json ]; then echo "a stack is running in .run: stop it first (Ctrl-C in its terminal)" >&2; exit 1; fi
	rm -rf $(VENV) .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The development lock holds everything of the embedded one, so one installation satisfies both.
$(DEV): requirements-dev.lock | $(RUN)
	@$(call install,requirements-dev.lock)
	@touch $(EMBEDDED) $@

$(EMBEDDED): requirements-embedded.lock | $(RUN)
	@$(call install,requirements-embedded.lock)
	@touch $@

# Debian splits ensurepip off; then the pip of PYTHON installs into the environment from outside.
define install
	echo "installing $(1) (hash-checked)"; \
	if $(RUN) -m pip --version >/dev/null 2>&1; then pip="$(RUN) -m pip"; else pip="$(PYTHON) -m pip --python $(RUN)"; fi; \
	$$pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef

$(RUN):
	@$(PYTHON) -c 'import sys' 2>/dev/null || { \
	    echo "'$(PYTHON)' does not run. Install Python 3.11 or newer, or say: make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), and 3.11 or newer is needed. Say: make PYTHON=python3.12" >&2; exit 2; }
	@if $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -c 'import venv, pip' 2>/dev/null; then $(PYTHON) -m venv --without-pip $(VENV); \
	else echo "$(PYTHON) has neither ensurepip nor pip. Install them (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; fi
