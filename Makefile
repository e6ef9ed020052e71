# Two commands on a machine that has Python >= 3.10 and a package registry:
#   make run    the main job on the shipped sample, results in out/
#   make test   every test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP = $(VENV)/.installed-$(1)

.PHONY: run test test-training lint clean

run: $(call STAMP,base)
	$(BIN)/fer-ros run --out out

test: $(call STAMP,dev)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# The CPU build where an index offers one; the other commands never need it.
test-training: $(call STAMP,dev)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pytest -m torch test/training test/inference test/device

lint: $(call STAMP,dev)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) out build *.egg-info

# An editable install: a change of the code needs no second one, a change of setup.py does.
$(call STAMP,base): setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(call STAMP,dev): setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(call STAMP,base)

# Debian and Ubuntu ship Python without ensurepip; virtualenv brings its own pip.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m virtualenv $(VENV) || { \
	  echo "make: could not create $(VENV): install python3-venv (apt install python3-venv)"; \
	  rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
