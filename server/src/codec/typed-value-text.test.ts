import assert from "node:assert/strict";
import { formatTypedValue, formatValueMembers, plainValue } from "./typed-value-text.js";

const hex = (digits: string): Uint8Array => Buffer.from(digits, "hex");
const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

describe("formatTypedValue", () => {
  it("a built-in string is its text", () => {
    const value = { typename: "io.statefun.types/string", value: hex("0a026869") };
    assert.deepEqual(formatTypedValue(value), { kind: "text", text: "hi" });
    assert.equal(formatValueMembers(value), '"value":"hi"');
  });

  it("a built-in number is JSON with all its digits", () => {
    const value = { typename: "io.statefun.types/long", value: hex("09ffffffffffffff7f") };
    assert.deepEqual(formatTypedValue(value), { kind: "json", text: "9223372036854775807" });
    assert.equal(formatValueMembers(value), '"value":9223372036854775807');
  });

  it("zero bytes of a built-in type are its default, no value is null", () => {
    const typename = "io.statefun.types/bool";
    assert.equal(formatValueMembers({ typename, value: hex("") }), '"value":false');
    assert.equal(formatValueMembers({ typename, value: null }), '"value":null');
    assert.deepEqual(formatTypedValue({ typename, value: null }), { kind: "absent" });
  });

  it("JSON stays as it is written, on one line", () => {
    const value = { typename: "shop/order", value: utf8('{\r\n  "id": 12345678901234567890\n}\n') };
    assert.equal(formatValueMembers(value), '"value":{   "id": 12345678901234567890 }');
  });

  it("other UTF-8 text is text", () => {
    const value = { typename: "shop/note", value: utf8("grün\tund\nblau") };
    assert.deepEqual(formatTypedValue(value), { kind: "text", text: "grün\tund\nblau" });
    assert.equal(formatValueMembers(value), '"value":"grün\\tund\\nblau"');
  });

  it("bytes that are neither are base64", () => {
    for (const value of [hex("ff00"), hex("0801"), hex("68690a00"), hex("7f")]) {
      const typed = { typename: "shop/bytes", value };
      const text = Buffer.from(value).toString("base64");
      assert.deepEqual(formatTypedValue(typed), { kind: "base64", text });
      assert.equal(formatValueMembers(typed), `"base64":"${text}"`);
    }
  });

  it("bytes that are not what their built-in type says are shown as bytes", () => {
    const typed = { typename: "io.statefun.types/long", value: hex("0901") };
    assert.deepEqual(formatTypedValue(typed), { kind: "base64", text: "CQE=" });
  });

  it("a protobuf message is base64 even when its bytes look like text", () => {
    const typed = { typename: "type.googleapis.com/shop.Order", value: utf8("\n\n0123456789") };
    assert.equal(formatTypedValue(typed).kind, "base64");
  });
});

describe("records for Kafka and Kinesis", () => {
  const name = (record: string): string => `type.googleapis.com/io.statefun.sdk.egress.${record}`;
  const kafka = name("KafkaProducerRecord");
  const kinesis = name("KinesisEgressRecord");

  // Each field as StateFun numbers it: tag, length, bytes.
  const cases: [string, string, string, string][] = [
    [
      "text",
      kafka,
      "0a016b 120568656c6c6f 1a0174",
      '"value":{"topic":"t","key":"k","value":"hello"}',
    ],
    [
      "JSON, under no key",
      kafka,
      "12077b2261223a317d 1a0174",
      '"value":{"topic":"t","key":null,"value":{"a":1}}',
    ],
    [
      "other bytes",
      kafka,
      "0a016b 1202ff00 1a0174",
      '"value":{"topic":"t","key":"k","base64":"/wA="}',
    ],
    ["no bytes", kafka, "1a0174", '"value":{"topic":"t","key":null,"value":""}'],
    [
      "a partition key",
      kinesis,
      "0a0170 12026869 1a0173",
      '"value":{"stream":"s","partitionKey":"p","value":"hi"}',
    ],
    [
      "a hash key",
      kinesis,
      "0a0170 12026869 1a0173 22023432",
      '"value":{"stream":"s","partitionKey":"p","explicitHashKey":"42","value":"hi"}',
    ],
  ];
  for (const [what, typename, bytes, members] of cases) {
    it(`are their fields, with ${what}`, () => {
      const value = hex(bytes.replaceAll(" ", ""));
      assert.equal(formatValueMembers({ typename, value }), members);
      const plain = plainValue({ typename, value });
      assert.equal(`"value":${Buffer.from(plain.bytes)}`, members);
      assert.equal(plain.mediaType, "application/json");
      JSON.parse(`{${members}}`);
    });
  }

  it("are base64 when their bytes are no record, and null when they have none", () => {
    for (const bytes of ["0a01ff", "0a05", "0b"]) {
      const typed = { typename: kafka, value: hex(bytes) };
      assert.equal(formatTypedValue(typed).kind, "base64");
      assert.deepEqual(plainValue(typed).bytes, typed.value);
    }
    assert.equal(formatValueMembers({ typename: kafka, value: null }), '"value":null');
  });
});

describe("plainValue", () => {
  const plain = (typename: string, value: Uint8Array | null) => {
    const { bytes, mediaType } = plainValue({ typename, value });
    return [Buffer.from(bytes).toString("latin1"), mediaType];
  };

  it("a built-in value is its text, every other value its bytes", () => {
    const text = "text/plain; charset=utf-8";
    assert.deepEqual(plain("io.statefun.types/string", hex("0a026869")), ["hi", text]);
    const long = plain("io.statefun.types/long", hex("09ffffffffffffff7f"));
    assert.deepEqual(long, ["9223372036854775807", "application/json"]);
    assert.deepEqual(plain("shop/order", utf8('{\n"a":1}')), ['{\n"a":1}', "application/json"]);
    assert.deepEqual(plain("shop/note", utf8("note")), ["note", text]);
    const bytes = plain("shop/bytes", hex("ff00"));
    assert.deepEqual(bytes, ["\xff\x00", "application/octet-stream"]);
    assert.deepEqual(plain("shop/bytes", null), ["", "application/octet-stream"]);
  });
});
