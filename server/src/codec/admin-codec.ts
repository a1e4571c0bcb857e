import {
  DropParkedRequest,
  GetParkedRequest,
  GetStateRequest,
  ListParkedRequest,
  ListStateRequest,
  RetryParkedRequest,
} from "@statewire/protos/statewire/v1/admin.js";
import type { Address } from "../core/address.js";
import { isFunctionTypeName } from "../core/address.js";
import { type Decoded, decoded, ViolationError, validateTarget } from "./ingress-codec.js";
import { readMessage } from "./protobuf-message.js";
import { shown } from "./shown-text.js";

/** Addresses in one answer of a list when the request does not say. */
export const listLimitDefault = 100;
/** Addresses in one answer of a list, at most. */
export const listLimitMax = 1000;

export interface StateQuery {
  readonly typeName: string;
  readonly id: string;
  /** Null: every state. */
  readonly name: string | null;
}

export interface StateListQuery {
  readonly typeName: string;
  /** Only ids greater than this one; null: from the first, which may be the empty one. */
  readonly afterId: string | null;
  readonly limit: number;
}

export interface ParkedListQuery {
  /** Null: all types. */
  readonly typeName: string | null;
  /** Only addresses after this one; null: from the first. */
  readonly after: Address | null;
  readonly limit: number;
}

/** Which parked addresses may try again. */
export type ParkedChoice =
  | { readonly kind: "address"; readonly address: Address }
  | { readonly kind: "type"; readonly typeName: string }
  | { readonly kind: "all" };

export interface DropParkedQuery {
  readonly address: Address;
  /** The message that is meant; 0: any. */
  readonly sequence: number;
}

/** An id that is too long has no state: nothing more needs to be said about it. */
const anyId = { idBytesMax: Number.POSITIVE_INFINITY };

/** Decodes one GetStateRequest. */
export function decodeGetStateRequest(bytes: Uint8Array): Decoded<StateQuery> {
  return decoded(() => {
    const request = readMessage("GetStateRequest", bytes, GetStateRequest.decode);
    const address = validateTarget(request.address, anyId);
    return { ...address, name: request.name === "" ? null : request.name };
  });
}

/** Decodes one ListStateRequest. */
export function decodeListStateRequest(bytes: Uint8Array): Decoded<StateListQuery> {
  return decoded(() => {
    const request = readMessage("ListStateRequest", bytes, ListStateRequest.decode);
    const { namespace, type, afterId = null } = request;
    const { typeName } = validateTarget({ namespace, type, id: "" }, anyId);
    return { typeName, afterId, limit: validateLimit(request.limit) };
  });
}

/** Decodes one ListParkedRequest. */
export function decodeListParkedRequest(bytes: Uint8Array): Decoded<ParkedListQuery> {
  return decoded(() => {
    const request = readMessage("ListParkedRequest", bytes, ListParkedRequest.decode);
    const { namespace, type } = request;
    const isAny = namespace === "" && type === "";
    return {
      typeName: isAny ? null : validateTarget({ namespace, type, id: "" }, anyId).typeName,
      after: request.after === undefined ? null : validateTarget(request.after, anyId),
      limit: validateLimit(request.limit),
    };
  });
}

/** Decodes one GetParkedRequest. */
export function decodeGetParkedRequest(bytes: Uint8Array): Decoded<Address> {
  return decoded(() => {
    const { address } = readMessage("GetParkedRequest", bytes, GetParkedRequest.decode);
    return validateTarget(address, anyId);
  });
}

/** Decodes one RetryParkedRequest. */
export function decodeRetryParkedRequest(bytes: Uint8Array): Decoded<ParkedChoice> {
  return decoded(() => {
    const { addresses } = readMessage("RetryParkedRequest", bytes, RetryParkedRequest.decode);
    switch (addresses?.$case) {
      case "address":
        return { kind: "address", address: validateTarget(addresses.value, anyId) };
      case "typeName":
        if (isFunctionTypeName(addresses.value)) return { kind: "type", typeName: addresses.value };
        throw new ViolationError(
          "invalid",
          `type_name ${shown(addresses.value)} is not namespace/type`,
        );
      case "all":
        if (addresses.value) return { kind: "all" };
        throw new ViolationError("invalid", "all is false: expected true, address or type_name");
      case undefined:
        throw new ViolationError("invalid", "none of address, type_name and all is set");
    }
  });
}

/** Decodes one DropParkedRequest. */
export function decodeDropParkedRequest(bytes: Uint8Array): Decoded<DropParkedQuery> {
  return decoded(() => {
    const request = readMessage("DropParkedRequest", bytes, DropParkedRequest.decode);
    return { address: validateTarget(request.address, anyId), sequence: request.sequence };
  });
}

/** @throws ViolationError when it exceeds what one answer may hold. */
function validateLimit(limit: number): number {
  if (limit <= listLimitMax) return limit || listLimitDefault;
  throw new ViolationError("invalid", `limit ${limit} exceeds ${listLimitMax}`);
}
