import { BinaryReader } from "@bufbuild/protobuf/wire";
import { GetStateRequest, ListStateRequest } from "@statewire/protos/statewire/v1/admin.js";
import {
  type Decoded,
  decoded,
  decodeUtf8,
  ViolationError,
  validateTarget,
} from "./ingress-codec.js";

/** Addresses in one answer of ListState when the request does not say. */
export const listLimitDefault = 100;
/** Addresses in one answer of ListState, at most. */
export const listLimitMax = 1000;

export interface StateQuery {
  readonly typeName: string;
  readonly id: string;
  /** Null: every state. */
  readonly name: string | null;
}

export interface StateListQuery {
  readonly typeName: string;
  /** Only ids greater than this one. */
  readonly afterId: string;
  readonly limit: number;
}

/** An id that is too long has no state: nothing more needs to be said about it. */
const anyId = { idBytesMax: Number.POSITIVE_INFINITY };

/** Decodes one GetStateRequest. */
export function decodeGetStateRequest(bytes: Uint8Array): Decoded<StateQuery> {
  return decoded("GetStateRequest", () => {
    const request = GetStateRequest.decode(new BinaryReader(bytes, decodeUtf8));
    const address = validateTarget(request.address, anyId);
    return { ...address, name: request.name === "" ? null : request.name };
  });
}

/** Decodes one ListStateRequest. */
export function decodeListStateRequest(bytes: Uint8Array): Decoded<StateListQuery> {
  return decoded("ListStateRequest", () => {
    const request = ListStateRequest.decode(new BinaryReader(bytes, decodeUtf8));
    const { namespace, type, afterId } = request;
    const { typeName } = validateTarget({ namespace, type, id: "" }, anyId);
    if (request.limit > listLimitMax) {
      throw new ViolationError("invalid", `limit ${request.limit} exceeds ${listLimitMax}`);
    }
    return { typeName, afterId, limit: request.limit || listLimitDefault };
  });
}
