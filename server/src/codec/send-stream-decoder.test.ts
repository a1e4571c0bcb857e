import assert from "node:assert/strict";
import { SendRequest, SendStreamRequest } from "@statewire/protos/statewire/v1/ingress.js";
import fc from "fast-check";
import { type Decoded, decodeSendStreamRequest, type SendValues } from "./ingress-codec.js";
import { SendStreamDecoder } from "./send-stream-decoder.js";

// Goal: what is read fast is what the generated code reads, word for word where it is refused. Method:
// random requests, valid and not, cut and changed in any byte, through both.

const limits = { valueBytesMax: 30, idBytesMax: 20, requestBytesMax: 2000 };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const text = fc.oneof(fc.constantFrom("", "a", "order", "ünï", "x".repeat(30)), fc.string());
const request = fc.record({
  target: fc.option(fc.record({ namespace: text, type: text, id: text }), { nil: undefined }),
  message: fc.option(
    fc.record({
      typename: fc.oneof(fc.constant("shop/placed"), text),
      value: fc.option(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        { nil: undefined },
      ),
    }),
    { nil: undefined },
  ),
  idempotencyKey: fc.constantFrom("", "key", "k".repeat(256)),
  producer: fc.option(
    fc.record({ source: fc.constantFrom("", "s"), sequence: fc.constantFrom(0, 1, 2 ** 40) }),
    { nil: undefined },
  ),
  delayMs: fc.constantFrom(0, 1, 5000, 2 ** 52),
  traceparent: fc.constantFrom("", traceparent, "00"),
});
const frame = fc
  .array(request, { maxLength: 5 })
  .map((messages) => Buffer.from(SendStreamRequest.encode({ messages }).finish()));

/** With the bytes of values as they are, wherever they lie. */
function plain(decoded: Decoded<readonly Decoded<SendValues>[]>) {
  if (decoded.kind !== "ok") return decoded;
  return decoded.value.map((one) => {
    if (one.kind !== "ok") return one;
    const { typename, value } = one.value.message;
    return { ...one.value, message: { typename, value: value && Buffer.from(value) } };
  });
}

function assertSame(bytes: Buffer): void {
  const decoder = new SendStreamDecoder(limits);
  const expected = plain(decodeSendStreamRequest(bytes, limits));
  assert.deepEqual(plain(decoder.decode(bytes)), expected);
  assert.deepEqual(plain(decoder.decode(bytes)), expected, "again, with what it remembers");
}

describe("the decoder of streams of sends", () => {
  it("reads and refuses what the generated code does", () => {
    fc.assert(fc.property(frame, assertSame), { numRuns: 200 });
  });

  it("does so for frames that are cut, or have a wrong byte", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), isCut: fc.boolean() });
    fc.assert(
      fc.property(frame, change, (bytes, { at, byte, isCut }) => {
        if (bytes.length === 0) return;
        const place = at % bytes.length;
        if (isCut) assertSame(bytes.subarray(0, place));
        else {
          bytes[place] = byte;
          assertSame(bytes);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("takes the last of a field that comes twice", () => {
    const of = (id: string) => SendRequest.create({ target: { namespace: "a", type: "b", id } });
    const [first, second] = [of("1"), of("")].map((one) => SendRequest.encode(one).finish());
    const message = SendRequest.encode(
      SendRequest.create({ message: { typename: "t/v", value: Buffer.of(1) } }),
    ).finish();
    const content = Buffer.concat([first ?? Buffer.of(), second ?? Buffer.of(), message]);
    assertSame(Buffer.concat([Buffer.of(10, content.length), content]));
  });

  it("refuses a frame above the limit as a whole", () => {
    assertSame(Buffer.alloc(limits.requestBytesMax + 1));
  });

  it("keeps nothing of the frame", () => {
    const messages = [
      SendRequest.create({
        target: { namespace: "a", type: "b", id: "c" },
        message: { typename: "t/v", value: Buffer.from("value") },
      }),
    ];
    const bytes = Buffer.from(SendStreamRequest.encode({ messages }).finish());
    const decoded = new SendStreamDecoder(limits).decode(bytes);
    bytes.fill(0);
    assert.ok(decoded.kind === "ok");
    const [one] = decoded.value;
    assert.ok(one?.kind === "ok");
    assert.equal(Buffer.from(one.value.message.value ?? []).toString(), "value");
  });
});
