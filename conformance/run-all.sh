#!/bin/sh
# Runs the kit against everything here that it can test, and puts the reports side by side in
# results/matrix.html. Exits with 1 when a case failed, or a subject did not start.
set -u
cd "$(dirname "$0")"
rm -rf results
mkdir results
failed=0

# check MODE NAME COMMAND...: one subject. The others are run even when it fails.
check() {
  mode=$1 name=$2
  shift 2
  node bin/statewire-conformance.js "$mode" --name "$name" --quiet \
    --json "results/$name.json" --junit "results/$name.xml" --badge "results/$name.svg" \
    -- "$@" || failed=1
}

check sdk sdk-ts node subjects/sdk-ts/dist/src/main.js
check runtime statewire subjects/statewire/run.sh

# Without one report there is nothing to put side by side, and the run has failed already.
ls results/*.json > /dev/null 2>&1 || exit 1
node bin/statewire-conformance.js report --html results/matrix.html results/*.json || failed=1
exit "$failed"
