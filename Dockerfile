# syntax=docker/dockerfile:1
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches are outside the image, so that a change of the sources does not rebuild the dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin ingest && cp target/release/ingest /usr/local/bin/ingest

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
# Group 0 can write to the data folder, since an arbitrary user of OpenShift is in it, as any user without an entry in /etc/passwd.
RUN groupadd --gid 10001 ingest && useradd --uid 10001 --gid ingest --no-create-home --home-dir /var/lib/ingest ingest \
    && install --directory --owner=10001 --group=0 --mode=0770 /var/lib/ingest
COPY --from=build /usr/local/bin/ingest /usr/local/bin/ingest
# /tmp is for temporary files, also with a read-only root. ECS gives volumes the rights of this folder in the image only if it is
# declared. The data folder is for files and the local user's token, if neither a bucket nor a provider is configured.
VOLUME /tmp /var/lib/ingest
# The health check asks there. Other addresses than this container's have to be chosen: it asks for no credentials.
ENV INGEST_DATA_DIR=/var/lib/ingest METRICS_ADDRESS=127.0.0.1:9090
# As a number, which `runAsNonRoot` of Kubernetes can check.
USER 10001:10001
WORKDIR /var/lib/ingest
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["ingest", "health"]
ENTRYPOINT ["ingest"]
CMD ["worker"]
