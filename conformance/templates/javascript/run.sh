#!/bin/sh
# Starts the server. Its address is in CONFORMANCE_ADDRESS.
set -eu
exec node "$(dirname "$0")/server.js"
