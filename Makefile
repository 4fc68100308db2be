# Doorknock. `make demo` shows the main job; `make test` proves it. Each sets itself up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help venv demo test lint format bench bench-target package-test docs packages clean
help:
	@echo 'make demo    run it all on this machine: broker, gateway, a button, a sensor, a page'
	@echo 'make test    install what the tests need, lint, check types, run every test'
	@echo 'make lint    ruff, mypy, pyright alone      make format  let ruff rewrite'
	@echo 'make bench   how long a press takes; how many events are kept; virtual time'
	@echo 'make bench-target   what the firmware costs on the chip, in instructions and bytes'
	@echo 'make package-test   install, upgrade, break, roll back and remove a gateway in a clean Debian (as root)'
	@echo 'make docs    write the pages that are generated from the code'
	@echo 'make venv    the virtual environment alone   make clean   remove what make made'

venv: $(VENV)/.set-up
$(VENV)/.set-up: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Doorknock needs Python 3.11 or later; run: make PYTHON=/path/to/python3.11 …" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' || { echo 'Python cannot make virtual environments here; on Debian run: sudo apt install python3-venv'; exit 1; }
	@echo 'Setting up $(VENV) (once; about a minute) …'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.set-up-for-tests: pyproject.toml | $(VENV)/.set-up
	@echo 'Setting up what the tests need …'
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]'
	@# Apart from the environment: there the stubs would lie over the interpreter's own package.
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target typings 'micropython-esp32-stubs>=1.29,<1.30'
	@touch $@

packages:
	@sh .ci/packages mosquitto mosquitto-clients chromium firefox-esr postgresql dbus

demo: venv
	@$(BIN)/doorknock demo $(ARGS)

lint: $(VENV)/.set-up-for-tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pyright

format: $(VENV)/.set-up-for-tests
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test: packages lint $(VENV)/node/.set-up
	@# What keeps to virtual time, a process a core; then, undisturbed, what a clock on the wall may
	@# spoil. Both are run whatever comes of the first. 5: no test of that kind was asked for.
	@virtual=0; other=0; \
	$(BIN)/pytest -m virtual_time --numprocesses logical --maxprocesses 8 $(ARGS) || virtual=$$?; \
	$(BIN)/pytest -m 'not virtual_time' $(ARGS) || other=$$?; \
	case $$virtual$$other in 00|05|50) ;; *) exit 1 ;; esac

bench: $(VENV)/.set-up-for-tests
	@$(BIN)/python -m tests.bench $(ARGS)
	@$(BIN)/python -m tests.bench.virtual_day

# MicroPython's WebAssembly build: small integers as on the chip. Without npm the bench says so.
$(VENV)/node/.set-up: | $(VENV)/.set-up-for-tests
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then npm install --prefix $(@D) --no-save --no-audit --no-fund \
	  --silent '@micropython/micropython-webassembly-pyscript@^1.27.0' && touch $@; fi || true

bench-target: $(VENV)/.set-up-for-tests $(VENV)/node/.set-up
	@sh .ci/packages qemu-system-misc
	@$(BIN)/python -m sim.target $(ARGS)

package-test: $(VENV)/.set-up
	@sh .ci/packages mmdebstrap
	@install/package-test $(ARGS)

docs: venv
	@$(BIN)/python docs/generate.py

clean:
	@rm -rf $(VENV) typings build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-data
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
