# Works on a machine with git, make and a Python of 3.11 or later that has venv and pip.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-api test-round-trips test-scheduler test-celery check format bench verification docs goldens clean

help: ## Lists the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Converts a state machine, runs the DAG on Airflow and shows what each task did
	$(BIN)/python fixtures/demo/demo.py

test: $(READY) ## Runs every test
	$(BIN)/python -m pytest -n 2

test-api: $(READY) ## Answers waiting tasks through an API server of Airflow
	$(BIN)/python -m pytest -m api

test-round-trips: $(READY) ## Runs the DAGs that come back from DAGs, in every scenario of the goldens (some minutes)
	$(BIN)/python -m pytest -m round_trips tests/test_round_trip.py tests/test_jsonpath_flows.py

test-scheduler: $(READY) ## Runs generated DAGs on a real scheduler, API server and triggerer
	$(BIN)/python -m pytest -m scheduler tests/scheduler

test-celery: $(READY) ## The same with CeleryExecutor, PostgreSQL and Redis (installs both with apt-get as root)
	$(BIN)/python tests/scheduler/databases.py
	$(BIN)/python -m pytest -m celery tests/scheduler

check: $(READY) ## Lints, checks the format, the types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Formats the source
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measures start-up, the interpreter, expressions, and what the translation reaches on public machines
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.interpreter
	$(BIN)/python -m benchmarks.corpus
	$(BIN)/python -m benchmarks.recordings
	$(BIN)/python -m benchmarks.expressions

# Source distributions of Airflow's providers, for their system-test DAGs; kept outside of the checkout.
CORPUS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sfn2airflow/airflow-corpus
CORPUS_PROVIDERS := amazon standard common-sql http cncf-kubernetes google

corpus: $(READY) ## Downloads the DAG files of Airflow's providers, and measures what is read of them
	mkdir -p $(CORPUS_CACHE)/sdists
	$(BIN)/python -m pip install --quiet flit_core
	$(BIN)/python -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation --dest $(CORPUS_CACHE)/sdists \
		$(addprefix apache-airflow-providers-,$(CORPUS_PROVIDERS))
	for archive in $(CORPUS_CACHE)/sdists/*.tar.gz; do tar -xzf $$archive -C $(CORPUS_CACHE) || exit 1; done
	$(BIN)/python -m benchmarks.reading --all
	CORPUS_CACHE=$(CORPUS_CACHE) $(BIN)/python -m benchmarks.operators

verification: $(READY) ## Verifies every public machine: generated scenarios on both sides (about ten minutes)
	$(BIN)/python -m benchmarks.verification

docs: $(READY) ## Writes docs/findings.md, docs/catalogue.md and the generated part of the README
	$(BIN)/python -m sfn2airflow.pages
	$(BIN)/python -m airflow2sfn.pages
	$(BIN)/python -m airflow2sfn.catalogue_page

goldens: $(READY) ## Rewrites the expected outputs of the tests; read the difference before committing it
	$(BIN)/python -m pytest -n 2 --update-goldens

clean: ## Removes the virtual environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11 or later as python3 (or PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[airflow,celery,dev]'
	@touch $@
