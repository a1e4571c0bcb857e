import { type handleUnaryCall, status } from "@grpc/grpc-js";
import {
  AdminService,
  type DropParkedResponse,
  type GetParkedResponse,
  type ListParkedResponse,
  type ParkedAddress,
  type RetryParkedResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import {
  type DropParkedQuery,
  decodeDropParkedRequest,
  decodeGetParkedRequest,
  decodeListParkedRequest,
  decodeRetryParkedRequest,
  listLimitMax,
  type ParkedChoice,
  type ParkedListQuery,
} from "../codec/admin-codec.js";
import type { Decoded } from "../codec/ingress-codec.js";
import { type Address, formatAddress } from "../core/address.js";
import { answer, listBytesMax, Refusal, unknownType } from "./answer.js";
import type { NodeView, ParkedView } from "./node-view.js";
import type { ParkedPort } from "./parked-port.js";

/** The methods about parked addresses, whose requests arrive validated. */
export const parkedDefinition = {
  listParked: { ...AdminService.listParked, requestDeserialize: decodeListParkedRequest },
  getParked: { ...AdminService.getParked, requestDeserialize: decodeGetParkedRequest },
  retryParked: { ...AdminService.retryParked, requestDeserialize: decodeRetryParkedRequest },
  dropParked: { ...AdminService.dropParked, requestDeserialize: decodeDropParkedRequest },
};

interface ParkedHandlers {
  readonly listParked: handleUnaryCall<Decoded<ParkedListQuery>, ListParkedResponse>;
  readonly getParked: handleUnaryCall<Decoded<Address>, GetParkedResponse>;
  readonly retryParked: handleUnaryCall<Decoded<ParkedChoice>, RetryParkedResponse>;
  readonly dropParked: handleUnaryCall<Decoded<DropParkedQuery>, DropParkedResponse>;
}

/** Addresses that one step of the core lets try again: a step is short, whatever an operator asks. */
const retriedPerStepMax = listLimitMax;

/** What answers the methods about parked addresses. */
export function createParkedHandlers(view: NodeView, port: ParkedPort) {
  const handlers: ParkedHandlers = {
    listParked: ({ request }, callback) => {
      answer({ view, request, callback }, (query) => listParked(view, query));
    },
    getParked: ({ request }, callback) => {
      answer({ view, request, callback }, (address) => {
        const parked = view.parked(address);
        return parked === undefined ? notParked(address) : { parked: toParkedAddress(parked) };
      });
    },
    retryParked: (call, callback) => {
      const { request } = call;
      const done = (retried: number) => callback(null, { retried });
      answer({ view, request, callback }, (choice) => {
        if (choice.kind === "address") return retryOne({ view, port }, choice.address, done);
        const typeName = choice.kind === "type" ? choice.typeName : null;
        const found = view.listParked(typeName, null);
        if (found === undefined) return unknownType(view, typeName ?? "");
        retryAll({ view, port, typeName, isCancelled: () => call.cancelled }, done);
        return null;
      });
    },
    dropParked: ({ request }, callback) => {
      answer({ view, request, callback }, (query) => {
        const parked = view.parked(query.address);
        if (parked === undefined) return notParked(query.address);
        if (query.sequence !== 0 && query.sequence !== parked.message.sequence) {
          return otherMessage(query, parked.message.sequence);
        }
        const response = { dropped: toParkedAddress(parked) };
        port.drop(query, () => callback(null, response));
        return null;
      });
    },
  };
  return { ...handlers };
}

interface Parts {
  readonly view: NodeView;
  readonly port: ParkedPort;
}

function listParked(
  view: NodeView,
  { typeName, after, limit }: ParkedListQuery,
): ListParkedResponse | Refusal {
  const found = view.listParked(typeName, after);
  if (found === undefined) return unknownType(view, (after ?? { typeName }).typeName ?? "");
  const addresses: ParkedAddress[] = [];
  let bytes = 0;
  for (const parked of found) {
    if (addresses.length === limit || bytes >= listBytesMax) return { addresses, more: true };
    addresses.push(toParkedAddress(parked));
    bytes += parkedBytes(parked);
  }
  return { addresses, more: false };
}

function retryOne({ view, port }: Parts, address: Address, done: (retried: number) => void) {
  if (view.parked(address) === undefined) return notParked(address);
  port.retry([address], done);
  return null;
}

/**
 * Goes through what is parked, once: an address that is parked again behind the cursor stays so. What
 * was let go when the client gives up stays let go.
 */
function retryAll(
  parts: Parts & { readonly typeName: string | null; readonly isCancelled: () => boolean },
  done: (retried: number) => void,
): void {
  const { view, port, typeName, isCancelled } = parts;
  const next = (after: Address | null, before: number): void => {
    const addresses: Address[] = [];
    for (const { address } of view.listParked(typeName, after) ?? []) {
      if (addresses.push(address) === retriedPerStepMax) break;
    }
    const last = addresses.at(-1);
    if (last === undefined || isCancelled()) done(before);
    else port.retry(addresses, (retried) => next(last, before + retried));
  };
  next(null, 0);
}

function notParked(address: Address): Refusal {
  return new Refusal(status.NOT_FOUND, `${formatAddress(address)} is not parked`);
}

function otherMessage({ address, sequence }: DropParkedQuery, found: number): Refusal {
  const details = `${formatAddress(address)} is parked for message ${found}, not for ${sequence}`;
  return new Refusal(status.FAILED_PRECONDITION, details);
}

function toParkedAddress({ address, reason, message, waiting }: ParkedView): ParkedAddress {
  const { callerType, callerId, typename, value, traceparent, sequence } = message;
  const caller = callerType === null ? undefined : toAddress(callerType.name, callerId);
  const bytes =
    value === null ? undefined : Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    address: toAddress(address.typeName, address.id),
    code: reason.code,
    error: reason.message,
    attempts: reason.attempts,
    firstFailedAtMs: reason.firstFailedAtMs,
    lastFailedAtMs: reason.lastFailedAtMs,
    message: { sequence, caller, value: { typename, value: bytes }, traceparent },
    waiting,
  };
}

function toAddress(typeName: string, id: string) {
  const [namespace = "", type = ""] = typeName.split("/");
  return { namespace, type, id };
}

function parkedBytes({ address, reason, message }: ParkedView): number {
  return address.id.length + reason.message.length + (message.value?.length ?? 0);
}
