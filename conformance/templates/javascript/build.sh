#!/bin/sh
# Fetches the two libraries.
set -eu
cd "$(dirname "$0")"
exec npm install --no-audit --no-fund
