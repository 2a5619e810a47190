# Simpul. `make` prints the targets. Needs bash, make and Python >= 3.11 with venv; everything else it sets up itself.
#
# A target stands behind `ifneq ($(wildcard …))` when the room it needs may be missing: then it is not there at all.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
PIP := $(PY) -m pip --disable-pip-version-check --no-input
WORKERS ?= 2
PYTEST := $(PY) -m pytest
ARGS ?=

.PHONY: help
help:
	@echo "make TARGET [NAME=value …]"; echo
	@printf '%s\n' $(HELP) | while IFS='|' read -r name words; do printf '  %-12s %s\n' "$$name" "$$words"; done

# --- setting up ------------------------------------------------------------------------------------------------------

HELP += "setup|make .venv from the hash-locked requirements (every target does it when needed)"
.PHONY: setup
setup: $(READY)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Simpul needs Python 3.11 or newer; say which: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.locked: requirements/dev.lock requirements/build.lock | $(VENV)/bin/python
	$(PIP) install --quiet --quiet --require-hashes --no-deps -r requirements/build.lock
	$(PIP) install --quiet --quiet --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

# The project itself, editable, built by the locked setuptools that is already there: no network. Anew when a package
# of the top level is born.
$(READY): pyproject.toml $(wildcard */__init__.py) $(VENV)/.locked
	$(PIP) install --quiet --quiet --no-build-isolation --no-deps --editable .
	@touch $@

HELP += "lock|write requirements/*.lock anew from pyproject.toml (UPGRADE=1: newest versions)"
.PHONY: lock
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header $(if $(UPGRADE),--upgrade)
lock: $(READY)
	$(COMPILE) requirements/build.in -o requirements/build.lock
	$(COMPILE) pyproject.toml --extra node -o requirements/node.lock
	$(COMPILE) pyproject.toml --extra hub -o requirements/hub.lock
	$(COMPILE) pyproject.toml --all-extras -o requirements/dev.lock

# --- running ---------------------------------------------------------------------------------------------------------

ifneq ($(wildcard deploy/demo/__main__.py deploy/demo.py),)
HELP += "demo|the whole network on this machine (ONCE=1: check it and stop; NODES=3 APPLICATIONS=60)"
.PHONY: demo
demo: $(READY)
	$(PY) -m deploy.demo $(if $(ONCE),--once) $(if $(NODES),--nodes=$(NODES)) \
	  $(if $(APPLICATIONS),--applications=$(APPLICATIONS)) $(ARGS)
endif

# --- checking --------------------------------------------------------------------------------------------------------

HELP += "check|everything that CI checks: lint types contracts templates spelling test"
.PHONY: check
check: lint types contracts templates spelling test

HELP += "fmt|format the code and repair what ruff can repair"
.PHONY: fmt
fmt: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

HELP += "lint|ruff: rules and format"
.PHONY: lint
lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

HELP += "types|mypy --strict, tests included"
.PHONY: types
types: $(READY)
	$(VENV)/bin/mypy

HELP += "contracts|which room may import which (import-linter)"
.PHONY: contracts
contracts: $(READY)
	$(VENV)/bin/lint-imports --no-logo

HELP += "templates|djlint over the HTML templates"
.PHONY: templates
templates: $(READY)
	@pages=$$(find hub village_node deploy -name '*.html' 2>/dev/null || true); \
	if [ -n "$$pages" ]; then $(VENV)/bin/djlint --quiet --lint $$pages; fi

HELP += "spelling|codespell"
.PHONY: spelling
spelling: $(READY)
	$(VENV)/bin/codespell

# --- made from the code ----------------------------------------------------------------------------------------------

HELP += "docs|write docs/reference/ from the code"
.PHONY: docs
docs: $(READY)
	$(PY) -m tests.architecture.reference

ifneq ($(wildcard protocol/vectors/make.py),)
HELP += "vectors|write the golden vectors of the protocol anew"
.PHONY: vectors
vectors: $(READY)
	$(PY) -m protocol.vectors.make
endif

HELP += "migration|write the next migration of the hub's database (M='what changes')"
.PHONY: migration
migration: $(READY)
	$(PY) -m hub.storage.write_migration "$(M)"

# --- tests -----------------------------------------------------------------------------------------------------------

HELP += "test|every test that this machine can run (ARGS='-k word')"
.PHONY: test
test: $(READY)
	$(PYTEST) -n $(WORKERS) --dist loadscope $(ARGS)

HELP += "unit|unit and architecture tests only: seconds, no process, no socket"
.PHONY: unit
unit: $(READY)
	$(PYTEST) $(wildcard tests/unit) tests/architecture $(ARGS)

ifneq ($(wildcard tests/integration/test_*.py tests/integration/*/test_*.py),)
HELP += "integration|with real databases and real brokers"
.PHONY: integration
integration: $(READY)
	$(PYTEST) tests/integration $(ARGS)
endif

ifneq ($(wildcard tests/e2e/test_*.py tests/e2e/*/test_*.py),)
HELP += "e2e|the programs as processes, the pages in a real browser"
.PHONY: e2e
e2e: $(READY)
	$(PYTEST) tests/e2e $(ARGS)
endif

ifneq ($(wildcard tests/faults/test_*.py tests/faults/*/test_*.py),)
HELP += "faults|kills, power cuts, wiped brokers, bad links"
.PHONY: faults
faults: $(READY)
	SIMPUL_ALL_GAPS=1 $(PYTEST) tests/faults $(wildcard tests/e2e/test_bad_link.py) $(ARGS)
endif

ifneq ($(wildcard tests/simulation/test_*.py),)
HELP += "sim|a million seeded steps of the shipped sync and intake code in a hostile world, then every planted bug"
.PHONY: sim
sim: $(READY)
	$(PY) -m tests.simulation $(ARGS)
endif

ifneq ($(wildcard tests/faults/proof/__main__.py),)
HELP += "proof|what the promises rest on, as a table and as docs/proof.md (ARGS='--quick' or '--only P1 P6')"
.PHONY: proof
proof: $(READY)
	$(PY) -m tests.faults.proof $(ARGS)
endif

# --- measuring and showing ---------------------------------------------------------------------------------------------

ifneq ($(wildcard loadtests/bench.py loadtests/bench/__main__.py),)
HELP += "bench|the intake against its floor in one run, then the hub's lists with 100,000 cases on both databases"
.PHONY: bench
bench: $(READY)
	@status=0; $(PY) -m loadtests.bench $(ARGS) || status=1; $(PY) -m loadtests.pages || status=1; exit $$status
endif

ifneq ($(wildcard tests/link/__main__.py),)
HELP += "link|what holds over a bad link: a table with bounds, 1 when one is broken (LONG=1, ARGS='--only thin idle')"
.PHONY: link
link: $(READY)
	LONG=$(LONG) $(PY) -m tests.link $(ARGS)
endif

ifneq ($(wildcard loadtests/locustfile.py),)
HELP += "load|Locust: village PCs over MQTT and people at the pages, then what was lost (SHAPE=after-eid NODES=208 UI=1)"
.PHONY: load
ifeq ($(SHAPE),heartbeats)
load: $(READY)
	$(PY) -m tests.heartbeats $(if $(NODES),--nodes=$(NODES)) $(if $(DURATION_S),--duration=$(DURATION_S)) $(ARGS)
else
load: $(READY)
	$(PY) -m loadtests.load $(if $(SHAPE),--shape=$(SHAPE)) $(if $(NODES),--nodes=$(NODES)) $(if $(UI),--ui) \
	  $(if $(DURATION_S),--duration=$(DURATION_S)) $(ARGS)
endif
endif

ifneq ($(wildcard tests/e2e/screenshots.py),)
HELP += "screenshots|draw docs/screenshots/ in a real browser"
.PHONY: screenshots
screenshots: $(READY)
	$(PY) -m tests.e2e.screenshots $(ARGS)
endif
