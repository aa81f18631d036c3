VENV := .venv
PYTHON ?= python3
IMPASTO := $(VENV)/bin/impasto

.PHONY: catalogues help paint serve test lint bench docs site dist clean

help:  ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/installed-studio: $(VENV)/installed
	$(VENV)/bin/pip install --quiet -c constraints.txt -e .[studio]
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(VENV)/bin/pip install --quiet -c constraints.txt -e .[dev]
	touch $@

paint: $(VENV)/installed  ## paint the example photo in a house style
	$(IMPASTO) paint examples/cat.jpg --style night

serve: $(VENV)/installed-studio  ## start the studio at http://127.0.0.1:8000, with its mails in the folder mails
	$(IMPASTO) serve --mail-folder mails

test: $(VENV)/installed-dev  ## run all tests, as many beside each other as there are processors, up to 4
	$(VENV)/bin/pytest -n logical --maxprocesses 4 --dist worksteal --durations 25

lint: $(VENV)/installed-dev  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed-dev  ## time a step of ours beside a step of the peer's
	$(VENV)/bin/python benchmarks/step.py examples/cat.jpg

docs: $(VENV)/installed-dev  ## make the pictures that the docs and the studio show
	$(IMPASTO) styles --sheet docs/house-styles.webp
	$(VENV)/bin/python docs/pictures.py
	$(IMPASTO) look features examples/cat.jpg --top 12 -o docs/features.webp
	$(IMPASTO) look gram examples/cat.jpg --style night --layer conv1_1 --layer conv3_1 -o docs/gram.webp
	$(IMPASTO) look reconstruct examples/cat.jpg --all -o docs/kept.webp
	$(IMPASTO) look unit conv1_1:0 conv2_1:20 conv3_1:98 conv4_1:17 conv5_1:60 -o docs/units.webp
	$(IMPASTO) look patches conv4_1:17 examples -o docs/patches.webp
	$(IMPASTO) classify examples/coffee.jpg --model fashion-classifier --why -o docs/why.webp
	$(IMPASTO) look balance examples/cat.jpg --style night -o docs/balance.webp
	$(IMPASTO) look kernels -o docs/vgg19-kernels.webp
	$(IMPASTO) look network -o docs/vgg19.webp
	$(VENV)/bin/python docs/gallery.py
	$(VENV)/bin/python docs/screens.py
	$(VENV)/bin/python docs/units.py

catalogues: $(VENV)/installed-dev  ## put what the studio's pages say anew into the catalogues of its languages
	$(VENV)/bin/python tests/catalogues.py

site: $(VENV)/installed-dev  ## make the static site in build/site, and follow its links
	$(VENV)/bin/python docs/website.py

dist: $(VENV)/installed-dev  ## make the wheel and the source distribution in dist, and check their descriptions
	rm -rf dist
	$(VENV)/bin/python -m build --outdir dist .
	$(VENV)/bin/twine check --strict dist/*

clean:  ## forget the virtual environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist
