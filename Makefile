PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
STUDY  ?= assets/photographs

.PHONY: setup app test lint words bench docs screens clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Opens the app on the photographs that ship: make app, or make app STUDY=assets/aviary
app: setup
	$(PY) -m niwt_core app $(STUDY)

test: $(VENV)/.ready-dev lint
	bash tests/browser.sh
	@command -v node >/dev/null || echo '*** node is not installed: the JavaScript of the editor is tested in the browser alone ***' >&2
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile --cov=niwt_core --cov-report=term:skip-covered

lint: $(VENV)/.ready-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-cache

# Brings the texts of pages/locale in line with the code, and compiles them: translate what is empty in between
words: $(VENV)/.ready-dev
	$(PY) -m tests.support.messages

bench: $(VENV)/.ready-dev
	$(PY) -m benchmarks

docs: $(VENV)/.ready-dev
	$(PY) -m pip install --quiet --disable-pip-version-check mkdocs-material "mkdocstrings[python]"
	$(PY) -m mkdocs build

# The README's pictures of the app
screens: $(VENV)/.ready-dev
	$(PY) -m benchmarks.screens

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache
