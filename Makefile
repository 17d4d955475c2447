# Every target makes .venv when it is missing or out of date. Needs Python 3.11 or newer, and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := agents configs envs networks scripts
RUN := runs/cartpole-swingup-relaxed
# one thread for each of pytest's workers; more only get in each other's way
TEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# OpenGL without a display, for pixels alone: installed where that is allowed, otherwise `nearsym doctor` says how
GL := if [ "$$(uname)" = Linux ] && ! ldconfig -p | grep -q libEGL.so.1 && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; \
	then echo "installing libegl1 and libgl1-mesa-dri, for pixels"; \
	apt-get update -qq && apt-get install -qq -y libegl1 libgl1-mesa-dri > /dev/null || echo "they cannot be installed; pixels need them"; fi

.PHONY: setup train test test-slow lint types bench site format clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"nearsym needs Python 3.11 or newer, this is {sys.version.split()[0]}; run make PYTHON=/path/to/python3.11")'
	@echo "installing into $(VENV): torch, dm-control, stable-baselines3 and their friends (about two minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt "torch==2.13.0"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,docs,escnn,export,hub,minari,pixels,trading,tune]"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps escnn
	@$(GL)
	@mkdir -p build/types/nearsym
	@for part in $(PACKAGES) __init__.py __main__.py; do ln -sfn ../../../$$part build/types/nearsym/$$part; done
	@touch $(STAMP)

train: $(STAMP)
	$(BIN)/nearsym train env=dmc/cartpole-swingup network=relaxed network.width=128 agent=sac seed=0 \
		total_steps=10000 run_dir=$(RUN) resume=true
	$(BIN)/nearsym evaluate $(RUN) episodes=10 'noise=[0,0.1,0.2]'

test: $(STAMP)
	$(TEST)

test-slow: $(STAMP)
	$(TEST) -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	MYPYPATH=build/types $(BIN)/mypy -p nearsym

# environments are filmed once, and again where anything that a film shows has changed: minutes the first time
site: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet -f docs/site/mkdocs.yml
	@echo "written: build/site/index.html"

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/nearsym bench

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
