import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Address } from "@statewire/protos/statewire/v1/types.js";
import { messageType } from "@statewire/sdk";
import { protobufType } from "@statewire/sdk/protobuf-es";

/** A message that ts-proto generated: an object with `encode` and `decode`. */
export const Where = messageType("type.googleapis.com/statewire.v1.Address", Address);

/** A protobuf-es schema; its typename is type.googleapis.com/google.protobuf.Timestamp. */
export const When = protobufType(TimestampSchema);
