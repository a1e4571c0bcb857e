#!/bin/sh
# The interpreter on the TypeScript SDK; `npm run build` builds it.
set -eu
exec node "$(dirname "$0")/dist/src/main.js"
