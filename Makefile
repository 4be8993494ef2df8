# Two commands do everything:  make book  and  make test.  `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2

export PYTHON
PY := .venv/bin/python

.PHONY: help bench book course wheel colab-check home downloads test test-all pretended test-cuda serve lint setup clean distclean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo "make book       set up, execute the chapters, render the book to _build/html"
	@echo "make test       run the core of the tests, and look at the pages if the book is built"
	@echo "make test-all   build the book, run every test, and all on a pretended card"
	@echo "make test-cuda  library, chapters and page on this machine's NVIDIA card"
	@echo "make downloads  the book as EPUB and PDF too, linked from its first page"
	@echo "make course     assignments, exam (both with answers) and slides, to _build/course"
	@echo "make wheel      the library as one file to install in Colab, and its checksum"
	@echo "make colab-check  every chapter on a recorded Colab image: ONLY=tour, PYTHON=python3.12"
	@echo "make home       where the book is published: URL=https://github.com/OWNER/NAME TAG=v1.0"
	@echo "make bench      how fast everything is, to benchmarks/RESULTS.md: FULL=1, ONLY=kmeans"
	@echo "make serve      serve the built book on this machine (PORT=$(PORT))"
	@echo "make lint       check the style of the code and its types"
	@echo "make clean      remove what was built; distclean removes .venv too"
	@echo "PYTHON=python3.12 chooses the Python of a new .venv; JOBS=4 runs the tests in 4 processes"

setup:
	@tools/setup_venv.sh

book: setup
	@$(PY) tools/build_book.py

course: setup
	@$(PY) -m zsbir_lib course build --out _build/course
	@$(PY) -m zsbir_lib course exam --out _build/course
	@cp _build/course/student/*.ipynb book/assignments/
	@$(MAKE) --no-print-directory book
	@$(PY) tools/build_slides.py

downloads: book
	@$(PY) tools/build_downloads.py

# Threads are limited because the processes share the cores.
PYTEST = OMP_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS) --dist worksteal
# `make book` has built it of these very files, and no page of it may be left out.
BUILT = ZSBIR_SITE=_build/html

# What draws the Toybox and what reads pages knows no device.
DEVICELESS = --ignore=tests/book --ignore=tests/widgets --ignore=tests/datasets/toybox \
    --ignore=tests/test_environment.py --ignore=tests/test_docstrings.py \
    --ignore=tests/test_architecture.py
# On a device the chapters are run again, first, since they take longest; a file stays in one
# process, as a notebook's cells must.
CHAPTERS = -p no:randomly --dist loadfile --nbval-lax --nbval-current-env \
    --nbval-cell-timeout=300 --no-loadscope-reorder book

test: setup
	@$(PYTEST) -m "not slow" tests

test-all: book
	@$(BUILT) $(PYTEST) tests
	@$(MAKE) --no-print-directory pretended

PRETENDED ?= $(CHAPTERS) $(DEVICELESS) tests

pretended: setup
	@if $(PY) -c "import sys, torch; sys.exit(torch.version.cuda is None)"; then \
	    OMP_NUM_THREADS=1 $(PY) tests/pretend -m pytest -n $(JOBS) $(PRETENDED); \
	else echo "this PyTorch is built without CUDA: no card can be pretended"; fi

test-cuda: setup
	@if $(PY) -c "import sys, torch; sys.exit(not torch.cuda.is_available())"; then \
	    $(PY) -m pytest -n $(JOBS) $(CHAPTERS) $(DEVICELESS) tests && \
	    OUT=$$(mktemp -d) && $(PY) -m zsbir_lib export web --out "$$OUT/page" && rm -r "$$OUT"; \
	else echo "no NVIDIA card here: nothing was tested on one"; fi

# What a reader without the repository installs, in Colab say; the same bytes each time.
wheel: setup
	@$(PY) tools/make_wheel.py

# Every notebook as Colab runs it; CONTRIBUTING.md says what that means. It goes on where it stopped.
colab-check: wheel
	@$(PY) tools/colab_check.py $(if $(ONLY),--only $(ONLY)) \
	    $(if $(IMAGE),--image "$(IMAGE)") \
	    $(if $(filter-out file,$(origin PYTHON)),--python "$(PYTHON)")

home: setup
	@$(PY) tools/home.py $(if $(URL),--url "$(URL)") $(if $(TAG),--tag "$(TAG)") \
	    $(if $(SITE),--site "$(SITE)")

# It goes on where it stopped; what it compares with is in the environment.
bench: setup
	@$(PY) benchmarks/bench.py $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY)) \
	    $(if $(AGAIN),--again) $(if $(DEVICE),--device "$(DEVICE)") \
	    $(if $(PROTOTYPE),--prototype "$(PROTOTYPE)")

serve: setup
	@$(PY) tools/serve.py --port $(PORT)

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

clean:
	@rm -rf _build

distclean: clean
	@rm -rf .venv
