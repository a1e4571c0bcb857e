#!/bin/sh
# Starts the server. Its address is in CONFORMANCE_ADDRESS.
set -eu
here=$(dirname "$0")
PYTHONPATH=$here/gen exec "$here/.venv/bin/python" "$here/server.py"
