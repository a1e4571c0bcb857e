#!/bin/sh
# Fetches the libraries, and generates the stubs.
set -eu
cd "$(dirname "$0")"
[ -d .venv ] || python3 -m venv .venv
.venv/bin/pip install --quiet -r requirements.txt
mkdir -p gen
.venv/bin/python -m grpc_tools.protoc -I proto --python_out gen --grpc_python_out gen proto/statewire/v1/stream.proto
