# The conformance kit, to judge an SDK or a runtime that runs in the same container:
#
#     docker build -f docker/conformance.Dockerfile -t statewire-conformance .
#     docker run --rm -v "$PWD:/subject:ro" statewire-conformance sdk -- /subject/my-server

ARG NODE_IMAGE=node:24.11.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts && npx tsc -b conformance && docker/lay-out.sh protos conformance

FROM ${NODE_IMAGE}
RUN groupadd --gid 10001 statewire && \
    useradd --uid 10001 --gid statewire --no-create-home --shell /usr/sbin/nologin statewire && \
    mkdir -p /subject && \
    ln -s /opt/statewire/conformance/bin/statewire-conformance.js /usr/local/bin/statewire-conformance
COPY --from=build /out /opt/statewire
ENV NODE_ENV=production
USER 10001:10001
WORKDIR /subject
ENTRYPOINT ["statewire-conformance"]
CMD ["--help"]
