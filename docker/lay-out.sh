#!/bin/sh
# lay-out.sh WORKSPACE...: in the stage of an image that builds, lays out in /out what those workspaces
# publish and what they depend on at run time, in the versions of the lock file. The order of the
# arguments does not matter; a workspace that another one needs has to be named.
set -eu

for workspace in "$@"; do
  mkdir -p "/out/$workspace"
  archive=$(npm pack --ignore-scripts --silent --workspace "./$workspace" --pack-destination /tmp)
  tar -xzf "/tmp/$archive" --strip-components=1 -C "/out/$workspace"
  npm pkg delete devDependencies --workspace "./$workspace"
done
npm pkg delete devDependencies
npm pkg set --json "workspaces=$(node -e 'console.log(JSON.stringify(process.argv.slice(1)))' "$@")"
npm install --ignore-scripts --omit=dev
mv node_modules /out/node_modules
