#!/bin/sh
# Compiles the interpreter, so that run.sh finds it ready.
set -eu
cd "$(dirname "$0")"
exec go build -o dist/interpreter .
