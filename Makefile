# What people type most: make demo, make test, make check. Plain `make` lists all targets.
# Everything is installed into .venv, from requirements.txt (hashed); uv is used if it is installed.

PYTHON ?= python3
VENV := .venv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CORES ?= all
# Compiled modules are kept even if the environment says otherwise: every job starts in a third of the time.
export PYTHONDONTWRITEBYTECODE :=

# A directory is removed only if it is one; through a symbolic link, something elsewhere would be removed.
refuse-link = @if [ -L "$(1)" ]; then \
		echo "$(1) is a symbolic link, so nothing was removed; delete the link yourself, or work in a clone of your own"; \
		exit 1; \
	fi

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-cohort test check format benchmark environment docs docs-pages requirements clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

environment: $(VENV)/.complete  ## Install all packages into .venv

# .complete is written last: after an interruption it is missing, and the next make starts again from an empty folder.
$(VENV)/.complete: requirements.txt requirements-build.txt
	$(call refuse-link,$(VENV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12), (3, 13)})' || \
		{ echo "ketaflow needs Python 3.11, 3.12 or 3.13; try: make demo PYTHON=python3.12"; exit 1; }
	@rm -rf $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --python $(PYTHON) $(VENV) && \
		install="uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python"; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		install="$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check"; \
	fi && \
	$$install --require-hashes -r requirements-build.txt && \
	$$install --require-hashes --no-build-isolation -r requirements.txt
	@touch $@

demo: environment  ## Simulate the demonstration cohort, measure it, write both pages
	@$(RUN) snakemake --cores $(CORES)

demo-cohort: environment  ## Write the tables of the demonstration cohort again (they are committed)
	@$(RUN) python workflow/maintenance/design_demo_cohort.py

test: environment  ## Run the test suite, without the tests marked long
	@$(RUN) pytest

check: environment  ## Run linters and the type checker, as continuous integration does
	@$(RUN) ruff check . && $(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) snakefmt --check Snakefile workflow/rules
	@$(RUN) snakemake --lint

format: environment  ## Format the code
	@$(RUN) ruff check --fix . && $(RUN) ruff format . && $(RUN) snakefmt Snakefile workflow/rules

docs: $(VENV)/.docs  ## Build the documentation site into the folder site, and check its links
	@$(RUN) sphinx-build --quiet --fail-on-warning --keep-going --nitpicky docs site
	@echo "Open site/index.html"

# What the site needs beyond the packages of the workflow; both lists agree.
$(VENV)/.docs: $(VENV)/.complete requirements-docs.txt
	@if command -v uv >/dev/null 2>&1; then \
		install="uv pip install --quiet --python $(VENV)/bin/python"; \
	else \
		install="$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check"; \
	fi && \
	$$install --require-hashes -r requirements-docs.txt
	@touch $@

benchmark: environment  ## Compare with other programs on the same input, write docs/benchmarks.md
	@if command -v uv >/dev/null 2>&1; then install="uv pip install --quiet --python $(VENV)/bin/python"; \
	else install="$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check"; fi; \
	$$install --no-deps --target .rivals -r benchmarks/rivals.txt || echo "Other programs could not be installed; those missing are left out."
	@$(RUN) PYTHONPATH=.rivals OMP_NUM_THREADS=1 python benchmarks/side_by_side.py

docs-pages: environment  ## Write what docs takes from the code: settings, columns, messages
	@$(RUN) python workflow/maintenance/write_settings_page.py
	@$(RUN) python workflow/maintenance/write_table_columns.py
	@$(RUN) python workflow/maintenance/write_messages_page.py

requirements:  ## Pin the dependencies of pyproject.toml again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --output-file requirements.txt --quiet
	echo setuptools | uv pip compile - --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --output-file requirements-build.txt --quiet
	uv pip compile --group pyproject.toml:docs --constraint requirements.txt --universal --generate-hashes --no-header \
		--no-annotate --python-version 3.11 --output-file requirements-docs.txt --quiet
	$(VENV)/bin/python workflow/maintenance/write_environment.py

clean:  ## Remove results and caches, keep the installed packages
	$(call refuse-link,results)
	$(call refuse-link,.snakemake)
	$(call refuse-link,site)
	rm -rf results site .snakemake .pytest_cache .ruff_cache .mypy_cache
