# 香城四众: everything a developer or an operator types starts here.
# Needs Python 3.11+ and make; the rest is installed into .venv from the hash-locked requirements.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test check proof bench fuzz clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $(READY)

demo: $(READY)
	$(BIN)/sizhong demo $(if $(ONCE),--once,) $(if $(PORT),--port $(PORT),)

test: $(READY)
	$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),tests/everything)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/sizhong states --check
	$(BIN)/sizhong migrations --check

fuzz: $(READY)
	FUZZ_CASES=$(or $(CASES),5000) $(BIN)/python -m pytest tests/security/test_fuzz.py

proof: $(READY)
	HUNTED=all $(BIN)/python -m pytest tests/faults
	FUZZ_CASES=5000 $(BIN)/python -m pytest tests/security/test_fuzz.py

bench: $(READY)
	$(BIN)/sizhong bench --json $(NAME)

clean:
	rm -rf .venv
