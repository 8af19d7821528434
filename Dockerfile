# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches are outside the image, so that a change of the sources does not rebuild the dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin ingest && cp target/release/ingest /usr/local/bin/ingest

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home ingest
COPY --from=build /usr/local/bin/ingest /usr/local/bin/ingest
USER ingest
WORKDIR /home/ingest
ENTRYPOINT ["ingest"]
CMD ["worker"]
