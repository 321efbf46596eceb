# `make run` shows the main job, `make test` passes the tests, `make speech` adds what hears speech,
# `make dev` what training, PushT and the tests need; each sets up what it needs itself.
unexport PYTHONDONTWRITEBYTECODE  # or every process would compile all its libraries anew
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run speech dev test test-ros interfaces check clean

run: .venv/base
	$(BIN)/courtside run "put the red block in the blue bowl" --video runs/demo.mp4

speech: .venv/speech

dev: .venv/dev

test: .venv/dev
	$(BIN)/python -m pytest -q -n auto
# Nodes in several processes, by the clock: one test at a time, and again where it had no time.
	$(BIN)/python -m pytest -q -m dds || $(BIN)/python -m pytest -q -m dds --last-failed

test-ros: .venv/dev
	$(BIN)/python -m pytest -q -m dds

interfaces: .venv/dev
	hardware/interfaces/build.sh $(BIN)/python

check: .venv/dev
	$(BIN)/courtside check

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis

# The locks are complete, so that nothing is resolved and nothing is built: --no-deps.
.venv/base: requirements.lock
	@echo "setting up .venv: a gigabyte, in a minute or two" >&2
	$(PYTHON) -m venv .venv
	$(PIP) install --no-compile --no-deps --requirement requirements.lock
	$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	$(PIP) uninstall --yes setuptools
	rm -rf .venv/lib/python*/site-packages/pybullet_data  # 138 MB of examples, which nothing uses
	cd .venv/lib/python*/site-packages && find numba numpy -name tests -prune -exec rm -rf {} +  # 12 MB
	@touch $@

.venv/speech: .venv/base requirements-speech.lock
	@echo "adding what hears speech: 300 MB" >&2
	$(PIP) install --no-compile --no-deps --requirement requirements-speech.lock
	@touch $@

.venv/dev: .venv/speech requirements-dev.lock requirements-ros.lock
	@echo "adding torch and what the tests need: minutes where torch is the build for CUDA" >&2
	$(PIP) install --no-compile --no-deps --requirement requirements-dev.lock
	$(PIP) install --no-compile --no-deps --requirement requirements-ros.lock
	$(PIP) install --no-compile torch  # NVIDIA's libraries, where the build is for CUDA
	@touch $@
