import {
  type DescMessage,
  fromBinary,
  type Message,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { copyBytes } from "#bytes";
import { type Type, validateTypename } from "./type.js";

/**
 * A protobuf message with its protobuf-es schema. The typename is StateFun's convention,
 * "type.googleapis.com/full.name.of.Message", unless you name another.
 *
 *     import { protobufType } from "@statewire/sdk/protobuf-es";
 *     const Add = protobufType(AddSchema);
 *
 * @throws StatewireError `invalid-declaration` when the typename is not "namespace/name".
 */
export function protobufType<Schema extends DescMessage>(
  schema: Schema,
  typename = `type.googleapis.com/${schema.typeName}`,
): Type<MessageShape<Schema> & Message> {
  return {
    typename: validateTypename(typename),
    encode: (message) => toBinary(schema, message),
    // Fields of bytes are views of what is decoded: what is stored must not be changed through them.
    decode: (bytes) => fromBinary(schema, copyBytes(bytes)),
  };
}
