# Two commands do everything:  make book  and  make test.  `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2

export PYTHON
PY := .venv/bin/python

.PHONY: help book downloads test serve lint setup clean distclean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo "make book       set up, execute the chapters, render the book to _build/html"
	@echo "make test       set up, run the unit tests, the notebooks and the browser tests"
	@echo "make downloads  the book as EPUB and PDF too, linked from its first page"
	@echo "make serve      serve the built book on this machine (PORT=$(PORT))"
	@echo "make lint       check the style of the code"
	@echo "make clean      remove what was built; distclean removes .venv too"
	@echo "PYTHON=python3.12 chooses the Python of a new .venv; JOBS=4 runs the tests in 4 processes"

setup:
	@tools/setup_venv.sh

book: setup
	@$(PY) tools/build_book.py

downloads: book
	@$(PY) tools/build_downloads.py

# One session for everything, so that one line sums it up. Threads are limited because the
# processes share the cores; a file stays in one process, as a notebook's cells must.
test: setup
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS) --dist loadfile \
	    --nbval-lax --nbval-current-env --nbval-cell-timeout=300 tests book

serve: setup
	@$(PY) tools/serve.py --port $(PORT)

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

clean:
	@rm -rf _build

distclean: clean
	@rm -rf .venv
