#!/bin/sh
# Kotlin on generated stubs, without an SDK; build.sh builds it.
set -eu
target=$(dirname "$0")/target
exec java -cp "$target/classes:$target/dependency/*" RawServerKt
