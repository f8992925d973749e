# Two commands set everything up: `make serve` (chat at http://127.0.0.1:7860) and `make test`.
# VENV may lie elsewhere (VENV=/some/where); PYTHON is the interpreter that makes it (3.11 or newer).

VENV    ?= .venv
PYTHON  ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
               $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN     := $(VENV)/bin
WENJU   := $(BIN)/wenju
PIP     := $(BIN)/python -m pip --disable-pip-version-check
HERE    := $(shell pwd)
BUNDLE  ?= dist
DATA    ?= $(HERE)/.wenju

.PHONY: install dev models index serve test lint types check smoke tree constraints llamacpp bundle bundle-try licences sbom clean help

help:
	@echo "make serve     install, fetch the models, index the sample corpus, open the chat on 127.0.0.1:7860"
	@echo "make install   make $(VENV) with $(WENJU) in it"
	@echo "make test      install what tests need and run them"
	@echo "make check     lint, types and tests;  make smoke: the real models end to end"
	@echo "make bundle    one archive in $(BUNDLE)/ that installs without any network;  make bundle-try: try it so (Linux)"
	@echo "make licences  renew docs/LICENCES.md;  make sbom: bill of materials (CycloneDX) in $(BUNDLE)/sbom.json"
	@echo "make tree      write file tree and settings into README.md;  make llamacpp: second engine for wenju bench"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it or set PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv "$(VENV)" || { echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# Installed in place, so that the checkout is what runs; again only when versions or the list of packages change.
$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch "$@"

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch "$@"

install: $(VENV)/.installed
	@echo "Ready: $(WENJU) --help"

dev: $(VENV)/.dev

models: install
	$(WENJU) models fetch
	$(WENJU) models verify

index: models
	$(WENJU) --data "$(DATA)" index add corpus/*.md

serve: index
	$(WENJU) --data "$(DATA)" serve

test: dev lint types
	$(BIN)/python -m pytest

lint: dev
	$(BIN)/ruff check .

types: dev
	$(BIN)/mypy

check: test

smoke: models
	$(BIN)/python tests/smoke.py

tree:
	@$(BIN)/python -m wenju.readme

# Instructions are named: what llama.cpp's build finds by itself ended in a segmentation fault on a virtual machine.
X86 := -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON
X86 += $(if $(shell grep -ow avx512vbmi /proc/cpuinfo 2>/dev/null),-DGGML_AVX512=ON -DGGML_AVX512_VBMI=ON -DGGML_AVX512_VNNI=ON)
llamacpp: install
	CMAKE_ARGS="$(if $(filter x86_64,$(shell uname -m)),$(strip $(X86)))" $(PIP) install --constraint constraints.txt --editable '.[llamacpp]'

bundle: models
	PYTHONPATH=. $(BIN)/python -m deploy.bundle "$(BUNDLE)"

bundle-try:
	deploy/try_bundle.sh "$$(ls -t $(BUNDLE)/wenju-*.tar | head -1)" "$(BUNDLE)"

licences: install
	PYTHONPATH=. $(BIN)/python -m deploy.licences

# The library that writes CycloneDX is brought in for this alone, beside the environment.
sbom: install
	$(PIP) install --quiet --upgrade --target "$(VENV)-sbom" 'cyclonedx-python-lib[json-validation]>=11,<12'
	PYTHONPATH="$(HERE):$(VENV)-sbom" $(BIN)/python -m deploy.sbom "$(BUNDLE)/sbom.json"
	rm -rf "$(VENV)-sbom"

# Renews constraints.txt from an environment made without it.
constraints:
	$(PYTHON) -m venv "$(VENV)-new"
	"$(VENV)-new/bin/python" -m pip install --quiet --editable '.[dev]' 'torch==2.13.0'
	{ sed -n '/^#/p' constraints.txt; "$(VENV)-new/bin/python" -m pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf "$(VENV)-new"

clean:
	rm -rf "$(VENV)" .mypy_cache .ruff_cache .pytest_cache
