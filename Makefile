# The three things people type: make demo, make test, make check.
# Everything is installed into .venv from requirements.txt (hashed); uv is used where it is present.

PYTHON ?= python3
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CORES ?= all
# Compiled modules are kept even where the surroundings say not to: every job starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo demo-cohort test check format environment settings-page requirements clean

environment: $(VENV)/.complete

$(VENV)/.complete: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12), (3, 13)})' || \
		{ echo "ketaflow needs Python 3.11, 3.12 or 3.13; try: make demo PYTHON=python3.12"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes -r requirements.txt; \
	else \
		$(PYTHON) -m venv --clear $(VENV) && \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt; \
	fi
	@touch $@

demo: environment  ## Draw the demonstration cohort, measure it, write both reports
	@$(RUN) snakemake --cores $(CORES)

demo-cohort: environment  ## Design the demonstration cohort anew (its tables are committed)
	@$(RUN) python workflow/maintenance/design_demo_cohort.py

test: environment  ## The plain test suite
	@$(RUN) pytest

check: environment  ## Lint, as continuous integration does
	@$(RUN) ruff check . && $(RUN) ruff format --check .
	@$(RUN) snakefmt --check Snakefile workflow/rules
	@$(RUN) snakemake --lint

format: environment
	@$(RUN) ruff check --fix . && $(RUN) ruff format . && $(RUN) snakefmt Snakefile workflow/rules

settings-page: environment  ## After editing a settings schema
	@$(RUN) python workflow/maintenance/write_settings_page.py

requirements:  ## After editing the dependencies in pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --output-file requirements.txt --quiet
	$(VENV)/bin/python workflow/maintenance/write_environment.py

clean:  ## Remove what was made, keep what was installed
	rm -rf results .snakemake .pytest_cache .ruff_cache
