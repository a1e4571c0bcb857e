#!/usr/bin/env bash
# Generates src/gen from the proto files. Offline: protoc and ts-proto are npm packages.
set -euo pipefail
cd "$(dirname "$0")"
bin=../node_modules/.bin
out=${1:-src/gen}
rm -rf "$out" && mkdir -p "$out"
options=esModuleInterop=true,importSuffix=.js,oneof=unions-value,useExactTypes=false,forceLong=number,unrecognizedEnum=false,outputJsonMethods=false,removeEnumPrefix=true,stringEnums=false,enumsAsLiterals=true,useOptionals=none,outputPartialMethods=true,useReadonlyTypes=false

# generate FOLDER OPTIONS
generate() {
  "$bin/protoc" --proto_path=. --plugin="protoc-gen-ts_proto=$bin/protoc-gen-ts_proto" --ts_proto_out="$out" \
    --ts_proto_opt="$options,$2" $(find "$1" -name '*.proto' | sort)
}

generate statewire outputServices=grpc-js,env=node
# Functions that are served over HTTP read these where there is no Node, too.
generate statefun env=browser
