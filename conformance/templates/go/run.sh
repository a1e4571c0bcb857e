#!/bin/sh
# Starts the server. Its address is in CONFORMANCE_ADDRESS.
set -eu
exec "$(dirname "$0")/bin/server"
