#!/bin/sh
# Starts the Statewire runtime as RUNTIME.md and CONNECTING.md of the conformance kit ask for. The
# process that the kit kills is the runtime itself, so the shell gives way to it.
set -eu
data=$CONFORMANCE_DATA

# What an endpoint of either kind has when peers have to send an authorization.
authorization=
[ -z "${CONFORMANCE_AUTHORIZATION:-}" ] || authorization='authorization: ${CONFORMANCE_AUTHORIZATION}'

cat > "$data/module.yaml" <<MODULE
kind: statewire.endpoints.v1/grpc
spec:
  functions: conformance/*
  dialIn: true
  timeout: 4 sec
  retry: { initialBackoff: 50 ms, maxBackoff: 200 ms, attempts: 5 }
  $authorization
---
kind: statewire.grpc.v1/egress
spec:
  id: conformance/out
MODULE

if [ -n "${CONFORMANCE_DIAL:-}" ]; then
  tls=
  [ -z "${CONFORMANCE_TLS_CA:-}" ] ||
    tls="tls: { caFile: $CONFORMANCE_TLS_CA, certFile: $CONFORMANCE_TLS_CERT, keyFile: $CONFORMANCE_TLS_KEY }"
  cat >> "$data/module.yaml" <<MODULE
---
kind: statewire.endpoints.v1/grpc
spec:
  functions: conformance.dialled/*
  address: $CONFORMANCE_DIAL
  $tls
  $authorization
MODULE
fi

here=$(dirname "$0")
exec node "$here/../../../server/bin/statewire.js" run "$data/module.yaml" \
  --data-dir "$data/data" --grpc "$CONFORMANCE_API" --http 127.0.0.1:0 \
  --grpc-cert-file "${CONFORMANCE_TLS_CERT:-}" --grpc-key-file "${CONFORMANCE_TLS_KEY:-}" \
  --grpc-ca-file "${CONFORMANCE_TLS_CA:-}"
