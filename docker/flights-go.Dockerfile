# The Go part of the flights: the functions of routes. One static program, nothing else.
ARG GO_IMAGE=golang:1.25.4-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /source
COPY sdk-go sdk-go
COPY examples/flights/go examples/flights/go
RUN cd examples/flights/go && CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /routes .

FROM scratch
COPY --from=build /routes /routes
USER 10001:10001
EXPOSE 7500
STOPSIGNAL SIGTERM
ENTRYPOINT ["/routes"]
CMD ["0.0.0.0:7500"]
