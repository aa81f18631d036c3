VENV := .venv
PYTHON ?= python3
IMPASTO := $(VENV)/bin/impasto

.PHONY: help paint test lint bench docs clean

help:  ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(VENV)/bin/pip install --quiet -c constraints.txt -e .[dev]
	touch $@

paint: $(VENV)/installed  ## paint the example photo in a house style
	$(IMPASTO) paint examples/cat.jpg --style night

test: $(VENV)/installed-dev  ## run all tests
	$(VENV)/bin/pytest

lint: $(VENV)/installed-dev  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed-dev  ## time a step of ours beside a step of the peer's
	$(VENV)/bin/python benchmarks/step.py examples/cat.jpg

docs: $(VENV)/installed  ## make the pictures that the docs show
	$(IMPASTO) styles --sheet docs/house-styles.webp
	$(VENV)/bin/python docs/pictures.py

clean:  ## forget the virtual environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist
