#!/bin/sh
# Generates the stubs, and compiles.
set -eu
cd "$(dirname "$0")"
exec mvn --batch-mode --quiet --no-transfer-progress package
