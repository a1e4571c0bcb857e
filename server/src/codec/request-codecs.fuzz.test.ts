import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { assertWritten, decodeOwing } from "@statewire/fuzz/owes.js";
import {
  DropParkedRequest,
  GetParkedRequest,
  GetStateRequest,
  ListParkedRequest,
  ListStateRequest,
  RetryParkedRequest,
} from "@statewire/protos/statewire/v1/admin.js";
import { SubscribeRequest } from "@statewire/protos/statewire/v1/egress.js";
import {
  CallRequest,
  SendRequest,
  SendStreamRequest,
} from "@statewire/protos/statewire/v1/ingress.js";
import fc from "fast-check";
import {
  decodeDropParkedRequest,
  decodeGetParkedRequest,
  decodeGetStateRequest,
  decodeListParkedRequest,
  decodeListStateRequest,
  decodeRetryParkedRequest,
} from "./admin-codec.js";
import type { CallValues, Decoded, SendValues } from "./ingress-codec.js";
import { decodeCallRequest, decodeSendRequest, decodeSendStreamRequest } from "./ingress-codec.js";
import { decodeSubscribeRequest } from "./subscription-codec.js";

// Goal: whatever comes to the gRPC API is a request, or is refused with the name of what is wrong.
// Method: valid requests with changed bytes; what is read is written by the generated code and read
// again.

const limits = { valueBytesMax: 30, idBytesMax: 20, requestBytesMax: 2000 };

const target = { namespace: "example", type: "counter", id: "ann" };
const message = { typename: "example/ping", value: Buffer.from("value") };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const send = SendRequest.create({ target, message, delayMs: 5000, traceparent });
const sends = [
  { ...send, idempotencyKey: "key" },
  { ...send, producer: { source: "producer", sequence: 7 } },
  { ...send, message: { typename: "example/ping" } },
].map((request) => SendRequest.create(request));

/** What a message about a request may name: a field, or the request that the bytes are none of. */
const names =
  /\b(target|namespace|type|id|message|value|typename|idempotency key|idempotencyKey|producer|source|sequence|delay|traceparent|requestBytesMax|limit|address|name|afterId|start|egress|type_name|all|text|bytes are not a \w+Request)\b/;

/** The value; undefined for one that is refused for a reason that names something. */
function accepted<T>(bytes: Uint8Array, decode: () => Decoded<T>): T | undefined {
  const decoded = decodeOwing(bytes.length, decode, () => false);
  if (decoded?.kind === "ok") return decoded.value;
  assert.match(decoded?.message ?? "", names);
  assert.ok((decoded?.message.length ?? 0) < 500, `a message of ${decoded?.message.length}`);
  assertWritten(decoded?.message ?? "");
  return undefined;
}

function toSend({ typeName, id, message: typed, once, ...rest }: SendValues): Uint8Array {
  return SendRequest.encode(
    SendRequest.create({
      ...rest,
      ...toCommon({ typeName, id, message: typed }),
      ...(once?.kind === "key" ? { idempotencyKey: once.key } : {}),
      ...(once?.kind === "sequence" ? { producer: once } : {}),
    }),
  ).finish();
}

function toCommon({
  typeName,
  id,
  message: typed,
}: Pick<CallValues, "typeName" | "id" | "message">) {
  const [namespace = "", type = ""] = typeName.split("/");
  const value = typed.value === null ? undefined : Buffer.from(typed.value);
  return { target: { namespace, type, id }, message: { typename: typed.typename, value } };
}

describe("requests of the gRPC API, of any bytes", () => {
  fuzz(
    "grpc: SendRequest",
    fc.property(mutations(sends.map((one) => SendRequest.encode(one).finish())), (bytes) => {
      const value = accepted(bytes, () => decodeSendRequest(bytes, limits));
      if (value === undefined) return;
      assert.deepEqual(decodeSendRequest(toSend(value), limits), { kind: "ok", value });
    }),
    { inputs: 1500 },
  );

  const call = CallRequest.encode({ target, message, idempotencyKey: "key", traceparent }).finish();
  fuzz(
    "grpc: CallRequest",
    fc.property(mutations([call]), (bytes) => {
      const value = accepted(bytes, () => decodeCallRequest(bytes, limits));
      if (value === undefined) return;
      const idempotencyKey = value.once?.key ?? "";
      const again = CallRequest.encode({
        ...toCommon(value),
        idempotencyKey,
        traceparent: value.traceparent,
      }).finish();
      assert.deepEqual(decodeCallRequest(again, limits), { kind: "ok", value });
    }),
  );

  const stream = SendStreamRequest.encode({ messages: sends }).finish();
  fuzz(
    "grpc: SendStreamRequest",
    fc.property(mutations([stream]), (bytes) => {
      const messages = accepted(bytes, () => decodeSendStreamRequest(bytes, limits)) ?? [];
      for (const one of messages) accepted(bytes, () => one);
    }),
    { inputs: 600 },
  );

  const starts = SubscribeRequest.encode({
    request: { $case: "start", value: { egress: "example/out", window: 10 } },
  }).finish();
  const acknowledges = SubscribeRequest.encode({
    request: { $case: "acknowledge", value: 300 },
  }).finish();
  fuzz(
    "grpc: SubscribeRequest",
    fc.property(mutations([starts, acknowledges]), (bytes) => {
      const value = accepted(bytes, () => decodeSubscribeRequest(bytes));
      if (value === undefined) return;
      const request =
        value.kind === "start"
          ? ({ $case: "start", value } as const)
          : ({ $case: "acknowledge", value: value.sequence } as const);
      const again = SubscribeRequest.encode({ request }).finish();
      assert.deepEqual(decodeSubscribeRequest(again), { kind: "ok", value });
    }),
  );

  const parked = { namespace: "example", type: "counter", limit: 10, after: target };
  const list = { namespace: "example", type: "counter", afterId: "ann", limit: 10 };
  const admin: readonly [string, Uint8Array[], (bytes: Uint8Array) => Decoded<unknown>][] = [
    [
      "GetStateRequest",
      [encode(GetStateRequest, { address: target, name: "count" })],
      decodeGetStateRequest,
    ],
    ["ListStateRequest", [encode(ListStateRequest, list)], decodeListStateRequest],
    ["ListParkedRequest", [encode(ListParkedRequest, parked)], decodeListParkedRequest],
    ["GetParkedRequest", [encode(GetParkedRequest, { address: target })], decodeGetParkedRequest],
    [
      "RetryParkedRequest",
      [
        encode(RetryParkedRequest, { addresses: { $case: "address", value: target } }),
        encode(RetryParkedRequest, { addresses: { $case: "typeName", value: "example/counter" } }),
        encode(RetryParkedRequest, { addresses: { $case: "all", value: true } }),
      ],
      decodeRetryParkedRequest,
    ],
    [
      "DropParkedRequest",
      [encode(DropParkedRequest, { address: target, sequence: 7 })],
      decodeDropParkedRequest,
    ],
  ];
  for (const [name, corpus, decode] of admin) {
    fuzz(
      `grpc: ${name}`,
      fc.property(mutations(corpus), (bytes) => {
        accepted(bytes, () => decode(bytes));
      }),
      { inputs: 200 },
    );
  }
});

function encode<T, P>(
  message: { create(fields: P): T; encode(value: T): { finish(): Uint8Array } },
  fields: P,
): Uint8Array {
  return message.encode(message.create(fields)).finish();
}
