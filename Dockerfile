# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches are outside the image, so that a change of the sources does not rebuild the dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin ingest && cp target/release/ingest /usr/local/bin/ingest

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 ingest && useradd --system --uid 10001 --gid ingest --create-home ingest
# For temporary files, also with a read-only root. ECS gives volumes the rights of this folder in the image only if it is
# declared.
VOLUME /tmp
COPY --from=build /usr/local/bin/ingest /usr/local/bin/ingest
# As a number, which `runAsNonRoot` of Kubernetes can check.
USER 10001:10001
WORKDIR /home/ingest
ENTRYPOINT ["ingest"]
CMD ["worker"]
