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

# prepare FOLDER: whether one subject can be run. The others are run even when it cannot.
prepare() {
  local folder=$1 name missing
  name=$(basename "$folder")
  missing=$(missing_of "$folder")
  if [ -n "$missing" ]; then
    not_run+=("$name: not installed: $missing")
    say "$name is NOT RUN: not installed: $missing"
    [ -z "${CI:-}" ] || failed=1
    return 1
  fi
  [ -f "$folder/build.sh" ] || return 0
  say "$name: build"
  "$folder/build.sh" > "results/$name.build.log" 2>&1 && return 0
  tail -n 40 "results/$name.build.log" >&2
  not_run+=("$name: build.sh failed, see results/$name.build.log")
  failed=1
  return 1
}

# check NAME: the kit against one subject.
check() {
  # The words of kit-args are the kit's arguments.
  # shellcheck disable=SC2046
  node bin/statewire-conformance.js $(cat "subjects/$1/kit-args") --name "$1" --quiet \
    --json "results/$1.json" --junit "results/$1.xml" --badge "results/$1.svg" \
    -- "subjects/$1/run.sh"
}

[ "$#" -gt 0 ] || set -- $(cd subjects && printf '%s\n' */ | tr -d /)
ready=()
for name in "$@"; do
  if [ ! -d "subjects/$name" ]; then say "no subject $name in subjects/"; failed=1; continue; fi
  [ ! -f "subjects/$name/run.sh" ] || ! prepare "subjects/$name" || ready+=("$name")
done

# The kit waits most of the time, for PINGs and delays: all subjects at once take as long as one.
pids=()
for name in "${ready[@]+"${ready[@]}"}"; do
  check "$name" > "results/$name.log" 2>&1 &
  pids+=("$!")
done
for at in "${!pids[@]}"; do
  wait "${pids[at]}" || failed=1
  say "${ready[at]}"
  cat "results/${ready[at]}.log"
done

if ls results/*.json > /dev/null 2>&1; then
  node bin/statewire-conformance.js report --html results/matrix.html results/*.json || failed=1
  say "matrix: $(pwd)/results/matrix.html"
fi
for line in "${not_run[@]+"${not_run[@]}"}"; do say "NOT RUN: $line"; done
exit "$failed"
