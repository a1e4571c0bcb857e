#!/usr/bin/env bash
# Builds every image of this folder where no Docker daemon runs and no base image can be pulled: with
# buildah, on base images that debootstrap and the toolchains of this machine make. Then runs what is
# inside. Needs root, and Debian's packages buildah and debootstrap.
#
#     docker/build-without-daemon.sh
set -euo pipefail
cd "$(dirname "$0")/.."
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
for tool in buildah debootstrap; do
  command -v "$tool" > /dev/null || { echo "$tool is not there: apt-get install buildah debootstrap" >&2; exit 2; }
done
work=$(mktemp -d)
storage=$work/storage
ports=()
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" "$@"; }
finish() {
  for port in "${ports[@]}"; do terminate "127.0.0.1:$port" || true; done
  wait
  buildah rm --all > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

# say WHAT: with the seconds since the start
say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

# base NAME COMMAND...: an image of Debian after COMMAND, which finds its root in $root
base() {
  local name=$1 container
  shift
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/debian.tar" / > /dev/null
  root=$(buildah mount "$container")
  "$@"
  # Who signs what this machine reaches signs for the build as well.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    --env "PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$container"
  buildah commit --quiet "$container" "localhost/$name" > /dev/null
  buildah rm "$container" > /dev/null
}
with_node() {
  local npm
  npm=$(npm root --global)/npm
  cp "$(command -v node)" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -r "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
}
with_go() { cp -r "$(go env GOROOT)" "$root/usr/local/go"; }
with_python() { ln -s python3 "$root/usr/bin/python"; }

# build IMAGE DOCKERFILE ARGUMENT...
build() {
  local image=$1 file=$2
  shift 2
  buildah bud --quiet --format docker "$@" --tag "localhost/$image" --file "docker/$file" . > "$work/$image.log" 2>&1 ||
    { tail -30 "$work/$image.log" >&2; exit 1; }
  say "$image: $(buildah images --format '{{.Size}}' "localhost/$image"), its base included"
}

# terminate WORDS: SIGTERM to the program with these words, not to what started it in its root file system
terminate() { pkill -TERM -f -- "^(/[^ ]*/|/)?(node|python|routes) .*$1"; }

# inside IMAGE COMMAND...: runs it in the root file system of the image, as the image's user
inside() {
  local image=$1 container
  shift
  container=$(buildah from "localhost/$image")
  buildah run "$container" -- "$@"
}

debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$work/debian" > "$work/debootstrap.log" 2>&1 ||
  { tail -5 "$work/debootstrap.log" >&2; exit 1; }
rm -rf "$work/debian/var/cache/apt/archives"/*.deb
tar -C "$work/debian" -cf "$work/debian.tar" . && rm -rf "$work/debian"
say "a base of Debian"
base base-node with_node
base base-go with_go
base base-python with_python
rm "$work/debian.tar"

build statewire server.Dockerfile --build-arg NODE_IMAGE=localhost/base-node
build statewire-conformance conformance.Dockerfile --build-arg NODE_IMAGE=localhost/base-node
build statewire-flights-typescript flights-typescript.Dockerfile --build-arg NODE_IMAGE=localhost/base-node
build statewire-flights-go flights-go.Dockerfile --build-arg GO_IMAGE=localhost/base-go
build statewire-flights-python flights-python.Dockerfile --build-arg PYTHON_IMAGE=localhost/base-python

say "statewire $(inside statewire statewire --version), as $(inside statewire id -un)"
say "statewire-conformance: $(inside statewire-conformance statewire-conformance list | wc -l) cases"

# The application out of the root file systems, each with a port of its own: without a daemon there are no
# networks. SIGTERM has to end the runtime with 0.
read -r grpc http airports routes hours board < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(s.getsockname()[1] for s in sockets))')
ports=("$grpc" "$airports" "$routes" "$hours" "$board")
mkdir "$work/module"
sed -e "s/airports:7500/127.0.0.1:$airports/; s/routes:7500/127.0.0.1:$routes/; s/hours:7500/127.0.0.1:$hours/" \
  -e '/waitFor: checkpoint/d' docker/flights/module.yaml > "$work/module/module.yaml"
inside statewire-flights-typescript node dist/src/function-server.js "127.0.0.1:$airports" flights/airport > "$work/airports.log" 2>&1 &
inside statewire-flights-go /routes "127.0.0.1:$routes" > "$work/routes.log" 2>&1 &
inside statewire-flights-python python hours.py "127.0.0.1:$hours" > "$work/hours.log" 2>&1 &
container=$(buildah from localhost/statewire)
buildah run --volume "$work/module:/etc/statewire:ro" "$container" -- \
  statewire run /etc/statewire/module.yaml --grpc "127.0.0.1:$grpc" --http "127.0.0.1:$http" > "$work/statewire.log" 2>&1 &
runtime=$!
until curl --silent --fail --output /dev/null "http://127.0.0.1:$http/readyz"; do
  kill -0 "$runtime" || { tail -5 "$work/statewire.log" >&2; exit 1; }
  [ "$SECONDS" -lt 900 ] || exit 1
  sleep 0.2
done
say "the runtime out of its image is ready"
inside statewire-flights-typescript node dist/src/board/main.js --runtime "127.0.0.1:$grpc" --listen "127.0.0.1:$board" > "$work/board.log" 2>&1 &
inside statewire-flights-typescript node dist/src/feed/main.js --runtime "127.0.0.1:$grpc" --rate 10000 > "$work/feed.log" 2>&1
until curl --silent "http://127.0.0.1:$board/snapshot.json" | grep -q '"disagreeing":0'; do
  [ "$SECONDS" -lt 900 ] || { curl --silent "http://127.0.0.1:$board/snapshot.json" >&2; exit 1; }
  sleep 0.5
done
say "20,000 flights through the images in three languages: all totals agree"
terminate "--grpc 127.0.0.1:$grpc"
wait "$runtime"
say "SIGTERM has drained the runtime: exit code 0"
