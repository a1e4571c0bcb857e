import assert from "node:assert/strict";
import fc from "fast-check";
import {
  covers,
  formatAddress,
  isFunctionTypeName,
  isFunctionTypePattern,
  nameBytesMax,
  parseAddress,
} from "./address.js";

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((text) => !/[/*]/.test(text));

describe("an address", () => {
  it("is read back from its text, whatever its id holds", () => {
    const id = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(name, name, id, (namespace, type, instance) => {
        const address = { typeName: `${namespace}/${type}`, id: instance };
        assert.deepEqual(parseAddress(formatAddress(address)), address);
      }),
    );
  });

  it("may have an empty id, or one with slashes", () => {
    assert.deepEqual(parseAddress("t/a/"), { typeName: "t/a", id: "" });
    assert.deepEqual(parseAddress("t/a//b/"), { typeName: "t/a", id: "/b/" });
  });

  it("is not read from a text without namespace, type or second slash", () => {
    for (const text of ["", "/", "t", "t/a", "/a/x", "t//x", "//", "t/*/x"]) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });
});

describe("a function type name", () => {
  it("is two parts that are not empty, without * and with one slash", () => {
    assert.ok(isFunctionTypeName("t/a"));
    for (const text of ["", "/", "t", "t/", "/a", "t/a/b", "t/*", "*/a", "t/a*", "t//a"]) {
      assert.equal(isFunctionTypeName(text), false, text);
    }
  });

  it("has parts of at most 255 bytes", () => {
    const longest = `${"é".repeat(127)}a`;
    assert.equal(Buffer.byteLength(longest), nameBytesMax);
    assert.ok(isFunctionTypeName(`${longest}/${longest}`));
    assert.equal(isFunctionTypeName(`${longest}a/a`), false);
    assert.equal(isFunctionTypeName(`a/${longest}a`), false);
  });
});

describe("a pattern", () => {
  it("is a function type name, or a namespace with * as the whole type", () => {
    for (const text of ["t/a", "t/*"]) assert.ok(isFunctionTypePattern(text), text);
    for (const text of ["*", "/*", "*/*", "t/a/*", "t/a*", "t*/a"]) {
      assert.equal(isFunctionTypePattern(text), false, text);
    }
  });

  it("covers the one type that it names, or all of its namespace", () => {
    assert.ok(covers("t/a", "t/a"));
    assert.ok(covers("t/*", "t/a"));
    for (const typeName of ["t/ab", "u/a", "tt/a", "t"]) {
      assert.equal(covers("t/a", typeName), false, typeName);
    }
    for (const typeName of ["tt/a", "t", "u/t/a"]) assert.equal(covers("t/*", typeName), false);
  });
});
