# Two commands set everything up: `make serve` (chat at http://127.0.0.1:7860) and `make test`.
# VENV may lie elsewhere (VENV=/some/where); PYTHON is the interpreter that makes it (3.11 or newer).

VENV    ?= .venv
PYTHON  ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
               $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN     := $(VENV)/bin
WENJU   := $(BIN)/wenju
PIP     := $(BIN)/python -m pip --disable-pip-version-check
# uv installs quicker where it is at hand (UV= leaves it alone). It knows nothing of pip's settings, so they are handed on.
UV      ?= $(shell command -v uv 2>/dev/null)
PIP_SET  = $(shell $(BIN)/python -m pip config list 2>/dev/null | sed -nE "s/^(global|site|user|install|:env:)\.$(1)='(.*)'$$/\2/p")
UV_SET   = $(addprefix --default-index ,$(lastword $(call PIP_SET,index-url))) $(addprefix --index ,$(call PIP_SET,extra-index-url)) \
           $(addprefix --find-links ,$(call PIP_SET,find-links)) $(addprefix --constraint ,$(call PIP_SET,constraint))
WITH_UV  = $(UV) pip install --python $(BIN)/python --index-strategy unsafe-best-match $(UV_SET)
INSTALL  = $(if $(UV),$(WITH_UV) --constraint constraints.txt --editable $(1) ||) $(PIP) install --constraint constraints.txt --editable $(1)
HERE    := $(shell pwd)
BUNDLE  ?= dist
DATA    ?= $(HERE)/.wenju
# So many files of tests at a time; 1: one after another, in one process.
WORKERS ?= 2

.PHONY: help install dev models index serve test lint types check smoke changed hooks tree site release constraints llamacpp bundle bundle-try licences sbom clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo; echo "VENV=$(VENV) is where the environment lies, DATA=$(DATA) what serve and index use, WORKERS=$(WORKERS) how many tests run at a time."

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it or set PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv "$(VENV)" || { echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# Installed in place, so that the checkout is what runs; again only when versions or the list of packages change.
$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing some 120 packages (2 GB on disk) with $(if $(UV),uv,pip)"
	$(call INSTALL,.)
	@touch "$@"

# The S3 server of the tests (moto) wants older versions of what the program uses, so it has a folder of its own.
$(VENV)/.dev: $(VENV)/.installed
	$(call INSTALL,'.[dev]')
	$(PIP) install --quiet --upgrade --target "$(VENV)/s3" 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
	@touch "$@"

install: $(VENV)/.installed ## make the environment with the command wenju in it
	@echo "Ready: $(WENJU) --help"

dev: $(VENV)/.dev ## the same with what tests, style and types need

models: install ## fetch and verify the models
	$(WENJU) models fetch
	$(WENJU) models verify

index: models ## index the sample corpus into DATA
	$(WENJU) --data "$(DATA)" index add corpus/*.md

serve: index ## install, fetch the models, index the sample corpus, open the chat on 127.0.0.1:7860
	$(WENJU) --data "$(DATA)" serve

test: dev lint types ## check style and types, then run all tests
	$(BIN)/python -m pytest $(if $(filter-out 1,$(WORKERS)),-n $(WORKERS) --dist loadfile)

lint: dev ## check style alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev ## check types alone
	$(BIN)/mypy

check: test ## the same as make test

smoke: models ## the real models end to end: index, ask, refuse, serve
	$(BIN)/python tests/smoke.py

changed: dev ## style, types, and the tests of the modules changed since the last commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tests/changed.py

hooks: dev ## check the same before every commit (pre-commit, without a network)
	$(BIN)/pre-commit install

tree: ## write docs/TREE.md and docs/SETTINGS.md from the code
	@$(BIN)/python -m wenju.readme

$(VENV)/.docs: $(VENV)/.installed
	$(call INSTALL,'.[docs]')
	@touch "$@"

site: $(VENV)/.docs ## make the pages of docs/ into site/, to be opened from the folder or put on a server
	$(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open $(HERE)/site/index.html; with search: $(BIN)/python -m http.server -d site"

release: dev ## build the wheel, install it into a fresh environment, try it there
	PYTHON="$(BIN)/python" .ci/release

# Instructions are named: what llama.cpp's build finds by itself ended in a segmentation fault on a virtual machine.
X86 := -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON
X86 += $(if $(shell grep -ow avx512vbmi /proc/cpuinfo 2>/dev/null),-DGGML_AVX512=ON -DGGML_AVX512_VBMI=ON -DGGML_AVX512_VNNI=ON)
llamacpp: install ## install a second engine for wenju bench
	CMAKE_ARGS="$(if $(filter x86_64,$(shell uname -m)),$(strip $(X86)))" $(PIP) install --constraint constraints.txt --editable '.[llamacpp]'

bundle: models ## one archive in $(BUNDLE)/ that installs without any network
	PYTHONPATH=. $(BIN)/python -m deploy.bundle "$(BUNDLE)"

bundle-try: ## install that archive and ask where there is no network (Linux)
	deploy/try_bundle.sh "$$(ls -t $(BUNDLE)/wenju-*.tar | head -1)" "$(BUNDLE)"

licences: install ## renew docs/LICENCES.md
	PYTHONPATH=. $(BIN)/python -m deploy.licences

# The library that writes CycloneDX is brought in for this alone, beside the environment.
sbom: install ## bill of materials (CycloneDX) in $(BUNDLE)/sbom.json
	$(PIP) install --quiet --upgrade --target "$(VENV)-sbom" 'cyclonedx-python-lib[json-validation]>=11,<12'
	PYTHONPATH="$(HERE):$(VENV)-sbom" $(BIN)/python -m deploy.sbom "$(BUNDLE)/sbom.json"
	rm -rf "$(VENV)-sbom"

# Renews constraints.txt from an environment made without it.
constraints: ## renew constraints.txt from an environment made without it (takes minutes)
	$(PYTHON) -m venv "$(VENV)-new"
	"$(VENV)-new/bin/python" -m pip install --quiet --editable '.[dev,docs]' 'torch==2.13.0'
	{ sed -n '/^#/p' constraints.txt; "$(VENV)-new/bin/python" -m pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf "$(VENV)-new"

clean: ## delete the environment and caches
	rm -rf "$(VENV)" site dist .mypy_cache .ruff_cache .pytest_cache
