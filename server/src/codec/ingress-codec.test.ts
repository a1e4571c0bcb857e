import assert from "node:assert/strict";
import {
  CallRequest,
  SendRequest,
  SendStreamRequest,
} from "@statewire/protos/statewire/v1/ingress.js";
import {
  decodeCallRequest,
  decodeSendRequest,
  decodeSendStreamRequest,
  delayMsMax,
  type SendValues,
} from "./ingress-codec.js";

const limits = { valueBytesMax: 16, idBytesMax: 8, requestBytesMax: 2000 };
const valid = {
  target: { namespace: "shop", type: "order", id: "a/b" },
  message: { typename: "shop/placed", value: Buffer.from([1, 2]) },
};

function encodeSend(fields: Parameters<typeof SendRequest.create>[0]): Uint8Array {
  return SendRequest.encode(SendRequest.create({ ...valid, ...fields })).finish();
}

function accept(fields: Parameters<typeof SendRequest.create>[0]): SendValues {
  const result = decodeSendRequest(encodeSend(fields), limits);
  assert.ok(result.kind === "ok", result.kind === "ok" ? "" : result.message);
  return result.value;
}

function refuse(
  fields: Parameters<typeof SendRequest.create>[0],
  kind: string,
  text: string,
): void {
  const result = decodeSendRequest(encodeSend(fields), limits);
  assert.equal(result.kind, kind);
  assert.ok(result.kind !== "ok");
  assert.ok(result.message.includes(text), result.message);
}

/** Replaces bytes in an encoded request by others of the same length. */
function corrupt(bytes: Uint8Array, from: string, to: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const index = copy.indexOf(from);
  assert.ok(index >= 0 && to.length === from.length);
  to.copy(copy, index);
  return copy;
}

describe("the ingress codec", () => {
  it("a send with every field arrives with every field", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert.deepEqual(accept({ idempotencyKey: "k", delayMs: 5, traceparent }), {
      typeName: "shop/order",
      id: "a/b",
      message: valid.message,
      traceparent,
      delayMs: 5,
      once: { kind: "key", key: "k" },
    });
    assert.deepEqual(accept({ producer: { source: "s", sequence: 9 } }).once, {
      kind: "sequence",
      source: "s",
      sequence: 9,
    });
  });

  it("an absent value and an empty one stay different", () => {
    assert.equal(accept({ message: { typename: "a/b" } }).message.value, null);
    const empty = accept({ message: { typename: "a/b", value: Buffer.alloc(0) } }).message.value;
    assert.equal(empty?.length, 0);
  });

  it("an id may be empty, and as long as the limit", () => {
    assert.equal(accept({ target: { ...valid.target, id: "" } }).id, "");
    assert.equal(accept({ target: { ...valid.target, id: "éééé" } }).id, "éééé");
  });

  it("an address that cannot exist is refused", () => {
    refuse({ target: { ...valid.target, namespace: "" } }, "invalid", "namespace");
    refuse({ target: { ...valid.target, type: "" } }, "invalid", "type");
    refuse({ target: { ...valid.target, namespace: "a/b" } }, "invalid", '"/"');
    refuse({ target: { ...valid.target, type: "*" } }, "invalid", "pattern");
    refuse(
      { target: { ...valid.target, type: "é".repeat(128) } },
      "invalid",
      "256 bytes exceeds 255",
    );
    refuse(
      { target: { ...valid.target, id: "ééééé" } },
      "invalid",
      "10 bytes exceeds idBytesMax 8",
    );
  });

  it("a missing target, message or typename is refused", () => {
    assert.equal(decodeSendRequest(Buffer.alloc(0), limits).kind, "invalid");
    const untyped = SendRequest.encode(SendRequest.create({ target: valid.target })).finish();
    assert.equal(decodeSendRequest(untyped, limits).kind, "invalid");
    refuse({ message: { typename: "" } }, "invalid", "typename");
    for (const typename of ["int", "shop/", "/int", "a b/c", "a/b\n"]) {
      const text = `typename of the message ${JSON.stringify(typename)} is not a typename: expected NAMESPACE/NAME`;
      refuse({ message: { typename } }, "invalid", text);
    }
    refuse({ message: { typename: "int" } }, "invalid", "did you mean io.statefun.types/int?");
    refuse({ message: { typename: "t".repeat(1025) } }, "invalid", "1025 bytes exceeds 1024");
  });

  it("a value above the limit is refused with both sizes and the setting", () => {
    accept({ message: { typename: "a/b", value: Buffer.alloc(16) } });
    const message = { typename: "a/b", value: Buffer.alloc(17) };
    refuse({ message }, "tooLarge", "17 bytes exceeds valueBytesMax 16");
  });

  it("a request above the limit is refused with both sizes and the setting", () => {
    const message = { typename: "a/b", value: Buffer.alloc(2000) };
    refuse({ message }, "tooLarge", "exceeds requestBytesMax 2000");
  });

  it("a key and a producer exclude each other", () => {
    const producer = { source: "s", sequence: 1 };
    refuse({ idempotencyKey: "k", producer }, "invalid", "exclude");
    refuse({ idempotencyKey: "k".repeat(256) }, "invalid", "256 bytes exceeds 255");
  });

  it("a producer has a source and a sequence from 1", () => {
    refuse({ producer: { source: "", sequence: 1 } }, "invalid", "source");
    refuse({ producer: { source: "s".repeat(256), sequence: 1 } }, "invalid", "256");
    const kept = 'source "file:a/b" begins with "file:", which is kept for file ingresses';
    refuse({ producer: { source: "file:a/b", sequence: 1 } }, "invalid", kept);
    refuse({ producer: { source: "s", sequence: 0 } }, "invalid", "sequence 0");
  });

  it("a number beyond 2^53 is refused", () => {
    // Field 5, delay_ms, with the largest varint of 64 bits.
    const bytes = Buffer.concat([encodeSend({}), Buffer.from("28ffffffffffffffffff01", "hex")]);
    assert.equal(decodeSendRequest(bytes, limits).kind, "invalid");
  });

  it("a delay beyond a hundred years is refused", () => {
    assert.equal(accept({ delayMs: delayMsMax }).delayMs, delayMsMax);
    refuse({ delayMs: delayMsMax + 1 }, "invalid", "delay");
  });

  it("a traceparent of another form is refused", () => {
    refuse({ traceparent: "00-abc-def-01" }, "invalid", "traceparent");
    const version = "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    refuse({ traceparent: version }, "invalid", "traceparent");
  });

  it("text that is not UTF-8 is refused, U+FFFD itself is not", () => {
    const bytes = encodeSend({ target: { ...valid.target, id: "????" } });
    const wrong = corrupt(bytes, "????", Buffer.from([0x61, 0xff, 0x62, 0x63]));
    const result = decodeSendRequest(wrong, limits);
    assert.ok(result.kind === "invalid" && result.message.includes("UTF-8"));
    assert.equal(accept({ target: { ...valid.target, id: "a\ufffd" } }).id, "a\ufffd");
  });

  it("bytes that are not protobuf are refused by name", () => {
    const result = decodeSendRequest(Buffer.from([0x0a, 0xff]), limits);
    assert.ok(result.kind === "invalid" && result.message.includes("not a SendRequest"));
  });

  it("a call is decoded as a send is", () => {
    const bytes = CallRequest.encode(
      CallRequest.create({ ...valid, idempotencyKey: "k" }),
    ).finish();
    assert.deepEqual(decodeCallRequest(bytes, limits), {
      kind: "ok",
      value: {
        typeName: "shop/order",
        id: "a/b",
        message: valid.message,
        traceparent: "",
        once: { kind: "key", key: "k" },
      },
    });
    assert.equal(decodeCallRequest(Buffer.alloc(0), limits).kind, "invalid");
  });

  it("one bad message of a stream frame leaves its neighbours alone", () => {
    const id = "????";
    const frame = SendStreamRequest.encode(
      SendStreamRequest.create({
        messages: [valid, { ...valid, target: { ...valid.target, id } }, valid],
      }),
    ).finish();
    const wrong = corrupt(frame, id, Buffer.from([0x61, 0xff, 0x62, 0x63]));
    const result = decodeSendStreamRequest(wrong, limits);
    assert.ok(result.kind === "ok");
    assert.deepEqual(
      result.value.map((message) => message.kind),
      ["ok", "invalid", "ok"],
    );
    assert.equal(decodeSendStreamRequest(Buffer.from([0x0a, 0x05]), limits).kind, "invalid");
  });
});
