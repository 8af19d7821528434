.PHONY: demo test unit lint deny deploy torture build bench fleet micro fuzz screenshots tour effort soak score image image-check \
	matrix firefox upgrade-check

COMMIT = INGEST_COMMIT="$$(git rev-parse --short HEAD 2>/dev/null)"

# Builds the program without optimisation, imports examples/contacts.csv into the private local database, and shows the issues.
demo:
	scripts/setup
	$(COMMIT) cargo build --profile demo --locked --bin ingest
	@INGEST=target/demo/ingest scripts/demo

build:
	scripts/setup
	$(COMMIT) cargo build --release --locked

# Everything: format, lints, and all tests, which start their own servers. Tests often wait for these, so more of them run at
# the same time than there are processors.
test:
	scripts/setup --test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	scripts/deny
	.venv/bin/python scripts/check-deploy
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$$(($$(nproc) * 3 / 2))} cargo test --locked

# Unit tests and doc examples. The tests of the private cluster need PostgreSQL's server programs.
unit:
	cargo test --locked --lib
	cargo test --locked --doc

# Format and lints of all targets.
lint:
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

# Licences, sources and known vulnerabilities of the dependencies; the last only if their database can be fetched.
deny:
	scripts/setup --test
	scripts/deny

# The files in deploy/: Helm chart, Terraform module and systemd unit.
deploy:
	scripts/setup --test
	.venv/bin/python scripts/check-deploy

# Every fault, ROUNDS times, with instants chosen by SEED; FAULT=commit selects faults by name. Prints a table, also to
# target/torture.md.
torture:
	scripts/setup --test
	ROUNDS=$(or $(ROUNDS),5) $(if $(SEED),SEED=$(SEED)) $(if $(FAULT),FAULT=$(FAULT)) \
		cargo test --locked --test it torture::table -- --ignored --nocapture

# Medians of whole runs compared with `psql \copy`, printed, and written to target/bench.md. ROWS=100000 for a quick run,
# ROUNDS for more rounds, PARTS=small,whole,columns,extremes,questions,search,pages,fresh,growth,history,indexes,kills to select
# parts, SETTINGS=socket or SETTINGS=tcp for one of the two databases that small and whole runs compare, CONTACTS=0,1000000 for
# the contacts of others beside which growth imports. Each run waits until nothing else uses the processors, for ten minutes at
# most.
bench:
	scripts/setup --bench
	ROWS=$(or $(ROWS),1000000) ROUNDS=$(or $(ROUNDS),3) $(if $(PARTS),PARTS=$(PARTS)) $(if $(SETTINGS),SETTINGS=$(SETTINGS)) \
		cargo bench --locked --bench whole_runs

# Many workers on one database, with 2 ms of latency, killed at random: throughput, waiting times beside an owner with a
# thousand jobs, locks and connections, for each number of WORKERS (1,2,5,10,20). JOBS=200 for a quick run. Prints a table,
# also to target/bench.md.
fleet:
	scripts/setup --bench
	PARTS=fleet SETTINGS=socket $(if $(JOBS),JOBS=$(JOBS)) $(if $(WORKERS),WORKERS=$(WORKERS)) \
		cargo bench --locked --bench whole_runs

# The work on each row before the database, part by part, in MB of the file per second.
micro:
	scripts/setup
	cargo bench --locked --bench micro

# Mixed work on one server for MINUTES (60): memory, connections, open and temporary files and tables must not grow.
# `make test` runs a few rounds of it.
soak:
	scripts/setup --test
	MINUTES=$(or $(MINUTES),60) cargo test --locked --test it soak::rounds -- --ignored --nocapture

# All fuzz targets, or TARGETS, for SECONDS (60) each. `make test` replays the corpora.
fuzz:
	scripts/setup
	SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz $(TARGETS)

# Screenshots of each page, wide and narrow, light and dark, in target/screenshots.
screenshots:
	scripts/setup --test
	cargo test --locked --test it screenshots:: -- --ignored

# The pictures of docs/TOUR.md, and the animation that they make.
tour:
	scripts/setup --test
	scripts/setup --tour
	rm -rf docs/tour
	cargo test --locked --test it tour:: -- --ignored
	img2webp -loop 0 -lossy -q 80 -d 2500 docs/tour/[0-9]*.png -o docs/tour/tour.webp

# The keys and clicks of a review of 3,000 rows, one case at a time and many at once.
effort:
	scripts/setup --test
	cargo test --locked --test it pages::effort:: -- --ignored --nocapture

# Imports a folder of files with expected results (cases.json and files/) and counts outcomes: right, needless issue,
# refused, silently wrong. FOLDER for another folder than tests/files.
score:
	scripts/setup --test
	$(if $(FOLDER),FOLDER=$(abspath $(FOLDER))) cargo test --locked --test it score::folder -- --ignored --nocapture

# The container image, with ENGINE (docker) and its registry; or, with PROGRAM=target/release/ingest, with podman and without a
# registry, of that program.
image:
	$(if $(PROGRAM),scripts/setup --image)
	scripts/image $(if $(PROGRAM),--without-registry $(PROGRAM))

# Runs that image with ENGINE (docker) as servers run it, against the servers of the tests.
image-check:
	scripts/setup --test
	ENGINE=$(or $(ENGINE),docker) cargo test --locked --test it image:: -- --ignored --nocapture --test-threads 1

# The worker of another version, of the git reference FROM, beside the one of this folder: both on the schema of this one.
upgrade-check:
	scripts/setup --test
	scripts/upgrade-check $(FROM)

# The life of jobs against PostgreSQL 13 to 18 from npm, or against VERSIONS; FILTERS selects other tests. Prints a table, also to
# target/matrix.md.
matrix:
	scripts/setup --test
	scripts/matrix $(VERSIONS)

# What people do on the pages most, in Firefox: review by keys, decide about many, edit, upload. TESTS selects other tests.
firefox:
	scripts/setup --test
	scripts/setup --firefox
	PATH="$(CURDIR)/target/geckodriver/bin:$$PATH" BROWSER=firefox cargo test --locked --test it -- --test-threads 1 \
		$(or $(TESTS),pages::a_whole_review pages::the_second pages::bulk pages::file_content pages::edits pages::assignments \
		pages::grid::cells pages::grid::a_text pages::grid::a_value pages::uploads::several)
