#!/bin/sh
# Generates the stubs with protoc, which has to be installed, and compiles. Older plugins refuse the file.
set -eu
cd "$(dirname "$0")"
command -v protoc > /dev/null || { echo "protoc is not installed: it comes with the packages of protobuf" >&2; exit 1; }
GOBIN=$PWD/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11
GOBIN=$PWD/bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
mkdir -p gen
PATH=$PWD/bin:$PATH protoc -I proto --go_out=gen --go-grpc_out=gen --go_opt=paths=source_relative \
  --go-grpc_opt=paths=source_relative --go_opt=Mstatewire/v1/stream.proto=interpreter/gen/statewire/v1 \
  --go-grpc_opt=Mstatewire/v1/stream.proto=interpreter/gen/statewire/v1 proto/statewire/v1/stream.proto
go mod tidy
go build -o bin/server .
