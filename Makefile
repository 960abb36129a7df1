# Wattline on one machine. `make run`, `make test`; `make help` for the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KAFKA ?= embedded

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(VENV)/.local: requirements-local.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Wattline needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || { echo "python3 -m venv does not work here: install your system's python3-venv"; exit 1; }
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-local.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.local
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: $(VENV)/.local ## everything on this machine (KAFKA=apache: a real Kafka)
	@exec $(BIN)/python -m deploy.local --kafka $(KAFKA)

token: $(VENV)/.local ## a token: make token role=agent region=3205
	@$(BIN)/python -m deploy.token --role $(role) --region "$(region)" --subject "$(subject)"

replay: $(VENV)/.local ## try again what was parked
	@$(BIN)/python -m deploy.parked

clean: ## forget the data of `make run`
	rm -rf .wattline/postgres .wattline/keys .wattline/logs .wattline/kafka .wattline/*.json*

test: $(VENV)/.dev ## unit, service, flows, contracts: the embedded pair
	$(BIN)/python -m pytest tests/unit tests/service tests/flows tests/contracts

test-all: $(VENV)/.dev ## all of them, integration and chaos on Apache Kafka too (needs JDK 17, Maven, Kannel)
	$(BIN)/python -m pytest tests/unit tests/service tests/flows tests/contracts tests/integration tests/chaos

check: $(VENV)/.dev ## format, lint, types, who imports whom, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.docs --check

docs: $(VENV)/.dev ## write the generated documents anew
	$(BIN)/python -m deploy.docs

mutate: $(VENV)/.dev ## break the mechanism on purpose: the tests must notice
	$(BIN)/python -m tests.mutate

bench: $(VENV)/.dev ## figures of DESIGN section 8: make bench only=accept
	$(BIN)/python -m tests.load.bench $(if $(only),--only $(only))

ci: check test-all ## what decides

.PHONY: help run token replay clean test test-all check docs mutate bench ci
