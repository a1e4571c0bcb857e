#!/bin/sh
# The runtime on a disk that keeps nothing: what it has acknowledged is gone when it is started again.
set -eu
rm -rf "$CONFORMANCE_DATA/data"
exec "$(dirname "$0")/../../subjects/statewire/run.sh"
