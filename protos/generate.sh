#!/usr/bin/env bash
# Generates src/gen from the proto files. Offline: protoc and ts-proto are npm packages.
set -euo pipefail
cd "$(dirname "$0")"
bin=../node_modules/.bin
out=${1:-src/gen}
rm -rf "$out" && mkdir -p "$out"
"$bin/protoc" --proto_path=. --plugin="protoc-gen-ts_proto=$bin/protoc-gen-ts_proto" --ts_proto_out="$out" \
  --ts_proto_opt=esModuleInterop=true,importSuffix=.js,outputServices=grpc-js,oneof=unions-value,useExactTypes=false,forceLong=number,env=node,unrecognizedEnum=false,outputJsonMethods=false,removeEnumPrefix=true,stringEnums=false,enumsAsLiterals=true,useOptionals=none,outputPartialMethods=true,useReadonlyTypes=false \
  $(find statewire statefun -name '*.proto' | sort)
