.PHONY: demo test unit lint deny torture build bench micro fuzz screenshots soak score

# Builds, imports examples/contacts.csv into the private local database, shows the issues found.
demo: build
	@scripts/demo

build:
	scripts/setup
	cargo build --release --locked

# Everything: format, lints, and every test, against servers that the tests start themselves.
test:
	scripts/setup --test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	scripts/deny
	cargo test --locked

# Unit tests and doc examples. Those of the private cluster need the server programs of PostgreSQL.
unit:
	cargo test --locked --lib
	cargo test --locked --doc

# Format and lints of all targets.
lint:
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

# Licences, sources and known vulnerabilities of the dependencies; the last only where their database can be had.
deny:
	scripts/setup --test
	scripts/deny

# Every fault, ROUNDS times, by SEED; FAULT=commit for those of that name. Table printed, and in target/torture.md.
torture:
	scripts/setup --test
	ROUNDS=$(or $(ROUNDS),5) $(if $(SEED),SEED=$(SEED)) $(if $(FAULT),FAULT=$(FAULT)) \
		cargo test --locked --test it torture::table -- --ignored --nocapture

# Whole runs beside `psql \copy`, alternating, in medians: printed, and in target/bench.md.
# ROWS=100000 for a quick look, ROUNDS for more of them, PARTS=small,whole,extremes,questions,fresh,indexes,kills for some of it.
# SETTINGS=socket or SETTINGS=tcp for one of the two databases that small and whole runs compare.
bench:
	scripts/setup --bench
	ROWS=$(or $(ROWS),1000000) ROUNDS=$(or $(ROUNDS),3) $(if $(PARTS),PARTS=$(PARTS)) $(if $(SETTINGS),SETTINGS=$(SETTINGS)) \
		cargo bench --locked --bench whole_runs

# What is done with each row before the database sees it, part by part, in MB of the file a second.
micro:
	scripts/setup
	cargo bench --locked --bench micro

# An hour of mixed work on one server, or MINUTES of it: memory, connections, open and temporary files and tables must
# stay flat. `make test` runs a few rounds of the same.
soak:
	scripts/setup --test
	MINUTES=$(or $(MINUTES),60) cargo test --locked --test it soak::rounds -- --ignored --nocapture

# Each fuzz target for SECONDS (60), or those of TARGETS. `make test` replays the corpora.
fuzz:
	scripts/setup
	SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz $(TARGETS)

# Pictures of each page, wide and narrow, light and dark, in target/screenshots.
screenshots:
	scripts/setup --test
	cargo test --locked --test it screenshots:: -- --ignored

# How a folder of files comes in, a cases.json beside files/: right, asked, refused, silently wrong, with the failures.
# FOLDER for another than tests/files.
score:
	scripts/setup --test
	$(if $(FOLDER),FOLDER=$(abspath $(FOLDER))) cargo test --locked --test it score::folder -- --ignored --nocapture
