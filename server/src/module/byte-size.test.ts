import assert from "node:assert/strict";
import fc from "fast-check";
import { formatByteSize, parseByteSize } from "./byte-size.js";

describe("a size in bytes", () => {
  const read: readonly (readonly [unknown, number | undefined])[] = [
    [0, 0],
    [65_536, 65_536],
    ["65536", 65_536],
    ["64 KiB", 65_536],
    ["64KB", 65_536],
    ["64 kib", 65_536],
    [" 1 GiB ", 2 ** 30],
    ["7 B", 7],
    ["5 MB/s", undefined],
    ["1.5 MiB", undefined],
    ["-1", undefined],
    ["64 K", undefined],
    ["64 iB", undefined],
    ["999999999999999 TiB", undefined],
    [null, undefined],
    [{}, undefined],
  ];
  for (const [written, bytes] of read) {
    it(`${bytes === undefined ? "is not read" : "is read"} from ${JSON.stringify(written)}`, () => {
      assert.equal(parseByteSize(written), bytes);
    });
  }

  it("is written with the largest unit that is exact, and as a number", () => {
    assert.equal(formatByteSize(2 ** 26), "64 MiB (67108864 bytes)");
    assert.equal(formatByteSize(1536), "1536 bytes");
    assert.equal(formatByteSize(10 * 1024), "10 KiB (10240 bytes)");
    assert.equal(formatByteSize(1), "1 byte");
    assert.equal(formatByteSize(0), "0 bytes");
  });

  it("is the same when it is read from what is written", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(2), (count, power) => {
        const bytes = count * 1024 ** power;
        const [written = ""] = formatByteSize(bytes).split(" (");
        assert.equal(parseByteSize(written.replace(/ bytes?$/, "")), bytes);
      }),
    );
  });
});
