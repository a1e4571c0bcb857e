#!/usr/bin/env bash
# Generates statewirev1 from the proto files: protoc is an npm package of the repository, the two
# plugins are Go modules. (protoc-gen-go-grpc before 1.6 takes Send's fields type_name and typename for one
# JSON name, and refuses the file.) With a folder as its argument it writes there instead.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-statewirev1}
package=github.com/statewire/statewire/sdk-go/statewirev1
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN=$tools go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11
GOBIN=$tools go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2

protos=$(cd ../protos && find statewire -name '*.proto' | sort)
mappings=()
for proto in $protos; do
  mappings+=("--go_opt=M$proto=$package" "--go-grpc_opt=M$proto=$package")
done
mkdir -p "$out"
rm -f "$out"/*.pb.go
# shellcheck disable=SC2086 # A word for each proto file.
PATH="$tools:$PATH" ../node_modules/.bin/protoc --proto_path=../protos \
  --go_out="$out" --go_opt=module="$package" \
  --go-grpc_out="$out" --go-grpc_opt=module="$package" \
  "${mappings[@]}" $protos
