import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { StringValueSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { TypedValue as ProtoTypedValue } from "@statewire/protos/statewire/v1/types.js";
import { z } from "zod";
import { StatewireError } from "./errors.js";
import { messageType } from "./message-type.js";
import { protobufType } from "./protobuf-es.js";
import { fromTypedValue, typed } from "./typed-value.js";
import { types } from "./types.js";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

describe("messageType", () => {
  const Add = messageType("shop/add", z.object({ item: z.string(), count: z.number().default(1) }));

  it("of a schema is JSON that is validated both ways, with the schema's defaults", () => {
    assert.equal(text(Add.encode({ item: "tea", count: 2 })), '{"item":"tea","count":2}');
    assert.deepEqual(Add.decode(Buffer.from('{"item":"tea"}')), { item: "tea", count: 1 });
    assert.throws(() => Add.decode(Buffer.from('{"item":5}')), /item: .*string/);
    assert.throws(() => Add.encode({ item: "tea", count: "2" as unknown as number }), /count: /);
    assert.throws(() => Add.decode(Buffer.from("{")), SyntaxError);
    assert.throws(() => Add.decode(Buffer.of(0x22, 0xff, 0x22)), /not UTF-8/);
  });

  it("refuses a schema that answers with a promise", () => {
    const later = messageType("shop/later", {
      "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value }) },
    });
    assert.throws(() => later.encode(1), /validates asynchronously/);
  });

  it("of a type has that type's bytes under a name of its own", () => {
    const Deposit = messageType("bank/deposit", types.long);
    assert.equal(Deposit.typename, "bank/deposit");
    assert.deepEqual(Deposit.encode(1n), types.long.encode(1n));
    assert.equal(Deposit.decode(types.long.encode(7n)), 7n);
  });

  it("of a ts-proto message has the message's bytes", () => {
    const type = messageType("type.googleapis.com/statewire.v1.TypedValue", ProtoTypedValue);
    const bytes = type.encode({ typename: "a/b", value: Buffer.from("x") });
    assert.deepEqual(type.decode(bytes), { typename: "a/b", value: Buffer.from("x") });
  });

  it("refuses typenames that no other language could use", () => {
    for (const typename of ["", "add", "/add", "shop/", `shop/${"x".repeat(255)}`]) {
      assert.throws(() => messageType(typename, types.int), { code: "invalid-declaration" });
    }
  });
});

describe("types.json", () => {
  it("without a schema takes what JSON can say", () => {
    const type = types.json<{ a: number[] }>("shop/any");
    assert.deepEqual(type.decode(type.encode({ a: [1, 2] })), { a: [1, 2] });
    assert.throws(() => types.json<undefined>("shop/any").encode(undefined), /no JSON form/);
  });
});

describe("types.bytes and types.simple", () => {
  it("copy bytes: neither side sees what the other changes later", () => {
    const scratch = new Uint8Array(2);
    const reused = types.simple("shop/reused", {
      encode: (value: number) => scratch.fill(value),
      decode: (bytes) => bytes.fill(0).length,
    });
    const first = reused.encode(1);
    reused.encode(2);
    assert.deepEqual([...first], [1, 1]);
    reused.decode(first);
    assert.deepEqual([...first], [1, 1]);
    const blob = types.bytes("shop/blob");
    const bytes = new Uint8Array([1, 2]);
    const encoded = blob.encode(bytes);
    bytes[0] = 9;
    assert.deepEqual([...encoded], [1, 2]);
    blob.decode(encoded)[0] = 9;
    assert.deepEqual([...encoded], [1, 2]);
    assert.throws(() => blob.encode("text" as unknown as Uint8Array), /expected a Uint8Array/);
  });

  it("take two functions for a type of one's own", () => {
    const upper = types.simple("shop/upper", {
      encode: (value: string) => Buffer.from(value.toUpperCase()),
      decode: (bytes) => text(bytes).toLowerCase(),
    });
    assert.equal(text(upper.encode("abc")), "ABC");
    assert.equal(upper.decode(Buffer.from("ABC")), "abc");
  });
});

describe("protobufType", () => {
  it("names and encodes a message by its schema", () => {
    const type = protobufType(TimestampSchema);
    assert.equal(type.typename, "type.googleapis.com/google.protobuf.Timestamp");
    const bytes = type.encode(create(TimestampSchema, { seconds: 5n }));
    assert.equal(type.decode(bytes).seconds, 5n);
    assert.equal(Buffer.from(bytes).toString("hex"), "0805");
    assert.equal(protobufType(StringValueSchema, "shop/text").typename, "shop/text");
  });
});

describe("typed values", () => {
  it("say why they are not what was expected", () => {
    const hello = typed(types.string, "hi");
    assert.equal(fromTypedValue(types.string, hello), "hi");
    const failures: [() => unknown, string, RegExp][] = [
      [() => fromTypedValue(types.int, hello), "bad-input", /expected a value of .*int, received/],
      [
        () => fromTypedValue(types.string, { typename: hello.typename, value: undefined }),
        "bad-input",
        /without a value/,
      ],
      [() => typed(types.int, 1.5), "invalid-value", /cannot be encoded as io.statefun.types\/int/],
    ];
    for (const [act, code, message] of failures) {
      assert.throws(act, (error: unknown) => {
        assert.ok(error instanceof StatewireError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    }
  });
});
