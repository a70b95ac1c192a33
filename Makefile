# The two commands a newcomer needs are `make rehearse` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
READY_FOR_TESTS := $(VENV)/.ready-for-tests
KUBERNETES := $(VENV)/kubernetes/.ready
PACE   ?= 0
MOST   ?= 100
JOBS   ?= 2

.DELETE_ON_ERROR:
.PHONY: rehearse test test-fast test-tools mutate lint types format manifests kubernetes-types lock bench pictures man schema site clean

rehearse: $(READY)  ## run the workshop unattended on rehearsal clusters
	$(BIN)/meshpeek run --rehearse --pace $(PACE) workshop.md

test: $(READY_FOR_TESTS)  ## the whole test suite
	$(BIN)/python -m pytest -n $(JOBS) tests

test-fast: $(READY_FOR_TESTS)  ## all but the slow end-to-end tests
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" tests

# Programs that only tests need, by the command that each brings. Without one its tests are skipped,
# except in CI, where they fail.
TEST_TOOLS := vi:vim less:less ps:procps openssl:openssl tmux:tmux asciinema:asciinema chromium:chromium \
              chromium:fonts-dejavu-core chromium:fonts-noto-color-emoji

test-tools: $(READY_FOR_TESTS) $(KUBERNETES)  ## install what only tests need and this machine lacks
	@missing=; for tool in $(TEST_TOOLS); do \
	    command -v "$${tool%%:*}" >/dev/null || missing="$$missing $${tool#*:}"; done; \
	if [ -n "$$missing" ]; then \
	    echo "installing for the tests:$$missing"; \
	    apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing; \
	fi
	PYTHON=$(BIN)/python tests/programs/install $(VENV)

mutate: $(READY)  ## break the workshop in a hundred ways; 95 % have to be noticed
	$(BIN)/meshpeek mutate --jobs $(JOBS) --most $(MOST) --at-least 95 workshop.md

lint: $(READY_FOR_TESTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/shellcheck *.sh .ci/run tests/programs/install

types: $(READY_FOR_TESTS)
	$(BIN)/mypy

format: $(READY_FOR_TESTS)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

manifests: $(READY)  ## what setup-demo.sh has in place of Emissary on rehearsal clusters
	$(BIN)/python -c 'from pathlib import Path; \
	    from meshpeek.rehearsal.installations.emissary.objects import manifests; \
	    folder = Path("k8s/emissary/rehearsal"); \
	    [(folder / name).write_text(text) for name, text in manifests().items()]'

kubernetes-types: $(KUBERNETES)  ## the data files about Kubernetes' own types, from its definitions
	$(BIN)/python -m meshpeek.rehearsal.generate $(dir $(KUBERNETES))

$(KUBERNETES): src/meshpeek/rehearsal/generate/requirements.txt $(READY)
	rm -rf $(@D)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	    --require-hashes --dest $(@D) --requirement $<
	@touch $@

# Exact versions with hashes, the same for every platform and Python from 3.11 on: what meshpeek and its
# rehearsals need to run, and what its tests need beside that.
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock:
	$(COMPILE) --extra build --extra dev --extra rehearsal --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --extra build --extra rehearsal --constraint requirements-dev.lock \
	    --output-file requirements.lock pyproject.toml
	echo "mkdocs-material>=9.6" | $(COMPILE) --output-file requirements-docs.lock -

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "meshpeek needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# As pip does for a package that is installed for good; else PYTHONDONTWRITEBYTECODE, as many
# containers set it, has every start compile everything.
	$(BIN)/python -m compileall -q src
	@touch $@

# What tests, checks and pictures need beside that.
$(READY_FOR_TESTS): $(READY) requirements-dev.lock
	$(INSTALL) requirements-dev.lock
	@touch $@

pictures: $(READY_FOR_TESTS)  ## the documents' pictures, from rehearsals looked at in Chromium
	$(BIN)/python -m docs.pictures.report
	$(BIN)/python -m docs.pictures.faces
	$(BIN)/python -m docs.pictures.console
	$(BIN)/python -m docs.pictures.stage

site: requirements-docs.lock  ## the documents as a site, in site/; a link that leads nowhere is an error
	$(PYTHON) -m venv $(VENV)/site
	$(VENV)/site/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	NO_MKDOCS_2_WARNING=1 $(VENV)/site/bin/mkdocs build --strict --quiet

bench: $(READY)  ## the figures of benchmarks/README.md; with PROFILE=1, where their time goes
ifdef PROFILE
	$(BIN)/python benchmarks/profiles.py
else
	for script in overhead rehearsal parsing reports keys; do $(BIN)/python benchmarks/$$script.py; done
endif

schema: $(READY)  ## the JSON schema of the settings
	$(BIN)/python -c 'import json; from pathlib import Path; \
	    from meshpeek.workshop.parse.setting_blocks import schema; \
	    Path(schema.__file__).with_name("settings.schema.json").write_text( \
	        json.dumps(schema.settings_schema(), indent=2) + "\n")'

man: $(READY)  ## the man page, from what --help prints
	$(BIN)/python -m docs.man.page

clean:
	rm -rf $(VENV) dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
