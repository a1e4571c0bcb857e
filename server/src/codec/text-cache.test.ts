import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { decodeText, TextCache } from "./text-cache.js";

// Goal: the cache answers as if it were not there, also when texts share a slot.

function read(cache: TextCache, bytes: Buffer): string | undefined {
  const around = Buffer.concat([Buffer.from("<"), bytes, Buffer.from(">")]);
  return cache.read(around, 1, 1 + bytes.length);
}

describe("TextCache", () => {
  it("reads as if there were no cache, however often and in whatever order", () => {
    const cache = new TextCache();
    const texts = unicodeText({ maxLength: 70 });
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 50 }), (sample) => {
        for (const text of [...sample, ...sample])
          assert.equal(read(cache, Buffer.from(text)), text);
      }),
    );
  });

  it("keeps texts apart that fall into one slot", () => {
    // The hash looks at every third byte and the last: these differ only where it does not look.
    const first = Buffer.from("example/aXYdXYgXYj");
    const collisions = ["example/aQRdQRgQRj", "example/aXYdXYgXZj", "example/aYXdYXgYXj"];
    const cache = new TextCache();
    for (const other of [...collisions, ...collisions]) {
      assert.equal(read(cache, first), first.toString());
      assert.equal(read(cache, Buffer.from(other)), other);
    }
  });

  it("keeps what it remembers when the buffer it came from is used again", () => {
    const cache = new TextCache();
    const buffer = Buffer.from("example/one");
    assert.equal(cache.read(buffer, 0, buffer.length), "example/one");
    buffer.fill("x");
    assert.equal(read(cache, Buffer.from("example/one")), "example/one");
    assert.equal(cache.read(buffer, 0, buffer.length), "xxxxxxxxxxx");
  });

  it("tells bytes that are not UTF-8, known or not, short or long", () => {
    const cache = new TextCache();
    for (const length of [1, 30, 64, 65, 300]) {
      const bytes = Buffer.concat([Buffer.alloc(length - 1, "a"), Buffer.from([0xff])]);
      assert.equal(read(cache, bytes), undefined);
      assert.equal(read(cache, bytes), undefined);
      assert.equal(decodeText(bytes, 0, bytes.length), undefined);
    }
    assert.equal(read(cache, Buffer.from([0xed, 0xa0, 0x80])), undefined, "a lone surrogate");
  });

  it("agrees with UTF-8 about any bytes", () => {
    const cache = new TextCache();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        const expected = Buffer.from(buffer.toString("utf8")).equals(buffer);
        assert.equal(read(cache, buffer), expected ? buffer.toString("utf8") : undefined);
      }),
    );
  });
});
