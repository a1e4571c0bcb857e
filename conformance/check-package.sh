#!/bin/bash
# Packs the kit as npm would publish it, installs it in an empty folder, and uses it there by npx.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$here/../protos" && npm pack --silent --pack-destination "$folder" > /dev/null)
(cd "$here" && npm pack --silent --pack-destination "$folder" > /dev/null)
mkdir "$folder/empty"
cd "$folder/empty"
npm init --yes > /dev/null
npm install --no-audit --no-fund --loglevel=error "$folder"/*.tgz
npx statewire-conformance init --lang javascript
ln -s ../node_modules interpreter-javascript/node_modules
npx statewire-conformance sdk --level core --features= --select 'handshake/answers Hello*' \
  --html matrix.html --badge badge.svg -- interpreter-javascript/run.sh
npx statewire-conformance sdk --select frames -- "$here/subjects/sdk-ts/run.sh"
test -s matrix.html -a -s badge.svg
