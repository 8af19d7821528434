.PHONY: demo test build

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
	cargo test --locked
