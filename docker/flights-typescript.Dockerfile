# The TypeScript part of the flights: the functions of airports (the default command), the feed and the page.
ARG NODE_IMAGE=node:24.11.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY . .
RUN npm ci --ignore-scripts && npx tsc -b examples/flights && \
    docker/lay-out.sh protos sdk-ts server examples/processes examples/flights

FROM ${NODE_IMAGE}
RUN groupadd --gid 10001 functions && \
    useradd --uid 10001 --gid functions --no-create-home --shell /usr/sbin/nologin functions
COPY --from=build /out /opt/flights
ENV NODE_ENV=production
USER 10001:10001
WORKDIR /opt/flights/examples/flights
EXPOSE 7500 8080
STOPSIGNAL SIGTERM
CMD ["node", "dist/src/function-server.js", "0.0.0.0:7500", "flights/airport"]
