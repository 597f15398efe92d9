# make demo   builds example_project, real flight data, into an embedded DuckDB file
# make test   runs every check: tests, formatting, lints
# make bench  compares the release build with dbt and the bare engine on generated projects
# make bench-table  measures all that the README tells of performance; takes about 20 minutes
# make wheel  packs an optimized build into target/wheels, for `pip install` and `uv tool install`
# demo and test do their own set-up and share one cargo profile, so nothing is compiled twice.

CARGO ?= cargo
PYTHON ?= python3
TIDEGATE = $(CARGO) run --quiet --locked --manifest-path ../Cargo.toml --

# The binary finds DuckDB by itself; this helps where RUSTFLAGS or a target folder elsewhere take its search path away.
export LD_LIBRARY_PATH := $(or $(DUCKDB_LIB_DIR),$(CURDIR)/.deps/duckdb):$(LD_LIBRARY_PATH)

.DEFAULT_GOAL := help
PHASES ?= version,parse_cold,compile_cold,compile_one,ls,run,build,build_again
SIZES ?= 100,1000

.PHONY: help demo test test-ecosystem audit bench bench-table wheel install unit pages format lint setup setup-extensions setup-python setup-postgres setup-browser clean

help:
	@grep -E '^# make' $(MAKEFILE_LIST) | cut -c3-

demo: setup
	$(CARGO) build --locked
	cd example_project && $(TIDEGATE) build

# Tools around dbt, unchanged, against the binary; they come from a package index, so this is no part of `test`.
test-ecosystem: setup
	$(CARGO) build --locked
	$(PYTHON) tests/ecosystem/run.py

wheel: setup
	$(CARGO) build --locked --release
	$(PYTHON) .ci/wheel.py target/release/tidegate

# What `cargo install` leaves out: the library, where the installed binary looks for it.
install: setup
	$(CARGO) install --locked --path .
	mkdir -p $(or $(CARGO_INSTALL_ROOT),$(CARGO_HOME),$(HOME)/.cargo)/lib
	cp $(or $(DUCKDB_LIB_DIR),.deps/duckdb)/libduckdb.* $(or $(CARGO_INSTALL_ROOT),$(CARGO_HOME),$(HOME)/.cargo)/lib/

test: unit pages format lint

bench: setup .deps/bench/ready
	$(CARGO) build --release --locked
	$(PYTHON) tests/bench/bench.py --exe dbt=$(CURDIR)/.deps/bench/bin/dbt \
		--exe tidegate=$(CURDIR)/target/release/tidegate \
		--engine-python $(CURDIR)/.deps/bench/bin/python --work target/bench --out target/bench/results \
		--sizes $(SIZES) --phases $(PHASES) --raw

bench-table: setup setup-postgres .deps/bench/ready
	$(CARGO) build --release --locked
	$(PYTHON) tests/bench/table.py
	$(CARGO) bench --locked

# dbt and the engines it is compared with, in the versions that requirements.txt pins.
.deps/bench/ready: tests/bench/requirements.txt
	$(PYTHON) -m venv .deps/bench
	.deps/bench/bin/pip install --quiet -r $<
	touch $@

# nextest where it is installed, plain cargo otherwise: the same tests. nextest leaves out those in the documentation.
unit: setup setup-extensions setup-python setup-postgres
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		echo "$(CARGO) nextest run --locked"; $(CARGO) nextest run --locked && $(CARGO) test --locked --quiet --doc; \
	else \
		echo "$(CARGO) test --locked"; $(CARGO) test --locked; \
	fi

# The documentation site in a browser: its own logic first, then the pages of a project that `docs serve` shows.
pages: setup setup-browser
	$(CARGO) build --locked
	node --test tests/docs_site/parts.test.mjs tests/docs_site/site.test.mjs tests/docs_site/columns.test.mjs

format:
	@if $(CARGO) fmt --version >/dev/null 2>&1; then \
		echo "$(CARGO) fmt --check"; $(CARGO) fmt --check; \
	else echo "formatting not checked: rustfmt is not installed (rustup component add rustfmt)"; fi

lint: setup
	@if $(CARGO) clippy --version >/dev/null 2>&1; then \
		echo "$(CARGO) clippy --locked --all-targets -- -D warnings"; $(CARGO) clippy --locked --all-targets -- -D warnings; \
	else echo "lints not checked: clippy is not installed (rustup component add clippy)"; fi

# Advisories against what Cargo.lock names; they come from the network, so this is no part of `test`. Licences and sources are.
audit:
	$(CARGO) deny --config .deny.toml check

# The DuckDB library, which the binary loads when it opens a database.
setup:
	@$(PYTHON) .ci/setup.py

# DuckDB extensions, for the tests of `extensions:` in profiles, and to load the example into Postgres.
setup-extensions:
	@$(PYTHON) .ci/setup.py extensions

# A Python with pandas, Polars and Arrow, for the tests of Python models.
setup-python:
	@$(PYTHON) .ci/setup.py python

# Postgres, for its tests.
setup-postgres:
	@$(PYTHON) .ci/setup.py postgres

# Chromium and what steers it, for the tests of the documentation site.
setup-browser:
	@$(PYTHON) .ci/setup.py browser

clean:
	$(CARGO) clean
	rm -rf .deps tests/docs_site/node_modules example_project/target example_project/logs
