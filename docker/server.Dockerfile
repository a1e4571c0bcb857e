# The runtime. From the root of the repository:
#
#     docker build -f docker/server.Dockerfile -t statewire .
#
# Put a module at /etc/statewire/module.yaml, and a volume at /var/lib/statewire.

# A Debian with Node.js 20.19 or later; both stages need the same one.
ARG NODE_IMAGE=node:24.11.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts && npx tsc -b server scripts && node scripts/dist/bundle/runtime.js && \
    docker/lay-out.sh protos server

FROM ${NODE_IMAGE}
RUN groupadd --gid 10001 statewire && \
    useradd --uid 10001 --gid statewire --no-create-home --shell /usr/sbin/nologin statewire && \
    mkdir -p /etc/statewire /var/lib/statewire && \
    chown statewire:statewire /var/lib/statewire && \
    ln -s /opt/statewire/server/bin/statewire.js /usr/local/bin/statewire
COPY --from=build /out /opt/statewire
ENV NODE_ENV=production \
    STATEWIRE_DATA_DIR=/var/lib/statewire/data \
    STATEWIRE_GRPC=0.0.0.0:7410 \
    STATEWIRE_HTTP=0.0.0.0:7411
USER 10001:10001
WORKDIR /etc/statewire
VOLUME /var/lib/statewire
EXPOSE 7410 7411
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7411/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["statewire"]
CMD ["run", "/etc/statewire/module.yaml"]
