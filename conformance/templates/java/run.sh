#!/bin/sh
# Starts the server. Its address is in CONFORMANCE_ADDRESS.
set -eu
target=$(dirname "$0")/target
exec java -cp "$target/classes:$target/dependency/*" Interpreter
