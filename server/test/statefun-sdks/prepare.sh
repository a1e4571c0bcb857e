#!/usr/bin/env bash
# Gets the official StateFun SDKs of Python, Go and Java, and builds the applications that need it, as far as
# the machine has the tools. What is there already is not touched. Ends with 1 when something is missing.
set -uo pipefail
cd "$(dirname "$0")"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/statewire/statefun-sdks
missing=0

# prepare NAME TOOL FUNCTION: runs FUNCTION in the cache folder of the SDK.
prepare() {
  local name=$1 tool=$2 build=$3
  if ! command -v "$tool" > /dev/null; then
    echo "StateFun SDK for $name: no $tool"
    missing=1
  elif mkdir -p "$cache/$name" && "$build" "$cache/$name"; then
    echo "StateFun SDK for $name: ready"
  else
    echo "StateFun SDK for $name: cannot be prepared"
    missing=1
  fi
}

python_sdk() {
  "$1/venv/bin/python" -c 'import statefun' 2> /dev/null && return
  python3 -m venv "$1/venv" && "$1/venv/bin/pip" install --quiet --disable-pip-version-check apache-flink-statefun==3.3.0
}

go_sdk() {
  (cd go && go build -o "$1/tally" .)
}

java_sdk() {
  local jar=statefun-sdk-java-3.3.0.jar
  if [ ! -f "$1/$jar" ]; then
    # Its code is whole without what its description names.
    mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
      -Dartifact=org.apache.flink:statefun-sdk-java:3.3.0 -DoutputDirectory="$1" || return 1
  fi
  javac -d "$1/classes" -cp "$1/$jar" java/Tally.java
}

prepare python python3 python_sdk
prepare go go go_sdk
prepare java mvn java_sdk
exit "$missing"
