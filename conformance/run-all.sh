#!/bin/bash
# run-all.sh [NAME...]: runs the kit against the subjects of subjects/, or those that are named, and
# puts the reports side by side in results/matrix.html. subjects/README.md says what a subject is.
#
# Exits with 1 when a case failed, or a subject did not start or could not be built. A subject whose
# programs are not installed is not run, and said so loudly; with CI set that is a failure, too.
set -u
cd "$(dirname "$0")"
rm -rf results
mkdir results
failed=0
not_run=()

say() { printf '\n=== %s\n' "$*" >&2; }

# missing_of FOLDER: the programs of its file `requires` that are not on the PATH.
missing_of() {
  [ -f "$1/requires" ] || return 0
  sed 's/#.*//' "$1/requires" | while read -r program; do
    [ -z "$program" ] || command -v "$program" > /dev/null || printf '%s ' "$program"
  done
}

# check FOLDER: one subject. The others are run even when it fails.
check() {
  local folder=$1 name missing
  name=$(basename "$folder")
  missing=$(missing_of "$folder")
  if [ -n "$missing" ]; then
    not_run+=("$name: not installed: $missing")
    say "$name is NOT RUN: not installed: $missing"
    [ -z "${CI:-}" ] || failed=1
    return
  fi
  if [ -f "$folder/build.sh" ]; then
    say "$name: build"
    if ! "$folder/build.sh" > "results/$name.build.log" 2>&1; then
      tail -n 40 "results/$name.build.log" >&2
      not_run+=("$name: build.sh failed, see results/$name.build.log")
      failed=1
      return
    fi
  fi
  say "$name"
  # The words of kit-args are the kit's arguments.
  # shellcheck disable=SC2046
  node bin/statewire-conformance.js $(cat "$folder/kit-args") --name "$name" --quiet \
    --json "results/$name.json" --junit "results/$name.xml" --badge "results/$name.svg" \
    -- "$folder/run.sh" || failed=1
}

[ "$#" -gt 0 ] || set -- $(cd subjects && printf '%s\n' */ | tr -d /)
for name in "$@"; do
  if [ -f "subjects/$name/run.sh" ]; then check "subjects/$name"; continue; fi
  [ -d "subjects/$name" ] || { say "no subject $name in subjects/"; failed=1; }
done

if ls results/*.json > /dev/null 2>&1; then
  node bin/statewire-conformance.js report --html results/matrix.html results/*.json || failed=1
  say "matrix: $(pwd)/results/matrix.html"
fi
for line in "${not_run[@]+"${not_run[@]}"}"; do say "NOT RUN: $line"; done
exit "$failed"
