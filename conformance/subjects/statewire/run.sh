#!/bin/sh
# Starts the Statewire runtime as RUNTIME.md of the conformance kit asks for. The process that the
# kit kills is the runtime itself, so the shell gives way to it.
set -eu
data=$CONFORMANCE_DATA
cat > "$data/module.yaml" <<MODULE
kind: statewire.endpoints.v1/grpc
spec:
  functions: conformance/*
  dialIn: true
  timeout: 4 sec
  retry: { initialBackoff: 50 ms, maxBackoff: 200 ms, attempts: 5 }
---
kind: statewire.grpc.v1/egress
spec:
  id: conformance/out
MODULE
here=$(dirname "$0")
exec node "$here/../../../server/bin/statewire.js" run "$data/module.yaml" \
  --data-dir "$data/data" --grpc "$CONFORMANCE_API" --http 127.0.0.1:0
