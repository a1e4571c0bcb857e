/*
 * Goal: a decoder reads the same records, at the same offsets, however the file's bytes are cut
 * into chunks. Method: every small input is decoded whole, one byte at a time, and at each single
 * cut; the results must agree.
 */
import assert from "node:assert/strict";
import { createCsvDecoder } from "../src/ingress/file/csv-decoder.js";
import type { RecordDecoder } from "../src/ingress/file/file-record.js";
import { createJsonArrayDecoder } from "../src/ingress/file/json-array-decoder.js";
import { createNdjsonDecoder } from "../src/ingress/file/ndjson-decoder.js";
import { csvFormat } from "./support/file-ingress-spec.js";

type Shown = readonly [number, string];

function decodeChunks(decoder: RecordDecoder, chunks: readonly Buffer[]): Shown[] {
  const shown: Shown[] = [];
  let pending = Buffer.alloc(0);
  let offset = 0;
  for (const [index, chunk] of chunks.entries()) {
    pending = Buffer.concat([pending, chunk]);
    const { records, consumed } = decoder.decode(pending, offset, index === chunks.length - 1);
    for (const record of records) {
      const text = record.kind === "valid" ? Buffer.from(record.json()).toString() : record.reason;
      shown.push([record.start, record.kind === "valid" ? text : `! ${text}`]);
      if (record.kind === "invalid" && !record.recoverable) return shown;
    }
    offset += consumed;
    pending = pending.subarray(consumed);
  }
  return shown;
}

/** Decodes the bytes in every cut, and returns what all of them agree on. */
function decodeAllCuts(create: () => RecordDecoder, bytes: Buffer): Shown[] {
  const whole = decodeChunks(create(), [bytes]);
  const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  assert.deepEqual(decodeChunks(create(), [...single, Buffer.alloc(0)]), whole, "byte by byte");
  for (let cut = 1; cut < bytes.length; cut++) {
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.deepEqual(decodeChunks(create(), chunks), whole, `cut at ${cut}`);
  }
  return whole;
}

describe("createNdjsonDecoder", () => {
  const decode = (text: string | Buffer) => decodeAllCuts(createNdjsonDecoder, Buffer.from(text));

  it("a line is a record, with LF, CR LF, or no line end at the end of the file", () => {
    assert.deepEqual(decode('{"a":1}\n{"a":2}\r\n{"a":3}'), [
      [0, '{"a":1}'],
      [8, '{"a":2}'],
      [17, '{"a":3}'],
    ]);
  });

  it("empty lines and lines of white space are passed over", () => {
    assert.deepEqual(decode("\n  \r\n1\n\n"), [[5, "1"]]);
    assert.deepEqual(decode("\n"), []);
  });

  it("a character of several bytes may lie across two chunks", () => {
    assert.deepEqual(decode('{"a":"grün €𝄞"}\n'), [[0, '{"a":"grün €𝄞"}']]);
  });

  it("a record's JSON is the file's own bytes", () => {
    assert.deepEqual(decode(' { "a" : 1.0, "b": 12345678901234567890 } \n'), [
      [0, '{ "a" : 1.0, "b": 12345678901234567890 }'],
    ]);
  });

  it("a malformed line is invalid, and the next one is read", () => {
    const [first, second, third] = decode('{"a":\n{"a":2}\n{"a":3}}\n');
    assert.match(first?.[1] ?? "", /^! not valid JSON: /);
    assert.deepEqual(second, [6, '{"a":2}']);
    assert.match(third?.[1] ?? "", /^! not valid JSON: /);
  });

  it("a line that is not UTF-8 is invalid", () => {
    const bytes = Buffer.concat([Buffer.from('"a'), Buffer.from([0xff]), Buffer.from('"\n1\n')]);
    assert.deepEqual(decode(bytes), [
      [0, "! not valid UTF-8"],
      [5, "1"],
    ]);
  });
});

describe("createJsonArrayDecoder", () => {
  const decode = (text: string) =>
    decodeAllCuts(() => createJsonArrayDecoder(true), Buffer.from(text));

  it("an element is a record, whatever kind of value it is", () => {
    assert.deepEqual(decode('[{"a":[1,{"b":"],["}]}, -1.5e3 ,\n"é",null,true,[]\n]\n'), [
      [1, '{"a":[1,{"b":"],["}]}'],
      [24, "-1.5e3"],
      [33, '"é"'],
      [38, "null"],
      [43, "true"],
      [48, "[]"],
    ]);
  });

  it("an empty array has no records", () => {
    assert.deepEqual(decode(" [ ] "), []);
  });

  it("brackets and quotes inside strings are text", () => {
    assert.deepEqual(decode('["\\"]", "\\\\", "\\u00e9]"]'), [
      [1, '"\\"]"'],
      [8, '"\\\\"'],
      [14, '"\\u00e9]"'],
    ]);
  });

  it("reading goes on at any element", () => {
    const text = '[{"a":1},{"a":2}]';
    const decoded = createJsonArrayDecoder(false).decode(Buffer.from(text.slice(9)), 9, true);
    assert.deepEqual(
      decoded.records.map((record) => record.start),
      [9],
    );
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ["an empty file", "", /nothing here/],
    ["white space only", " \n", /nothing here/],
    ["no array", '{"a":1}', /does not begin with/],
    ["a missing comma", "[1 2]", /expected "," or "\]"/],
    ["a missing element", "[1,,2]", /missing/],
    ["a comma before the end", "[1,]", /missing/],
    ["text after the end", "[1] 2", /follows/],
    ["a file that ends early", '[1,{"a":', /ends before/],
    ["a file that ends after a comma", "[1,", /ends before/],
    ["a bare word", "[1,nope]", /not valid JSON/],
  ];
  for (const [name, text, reason] of broken) {
    it(`${name} is an error that ends reading`, () => {
      const bytes = Buffer.from(text);
      const last = decodeChunks(createJsonArrayDecoder(true), [bytes]).at(-1);
      assert.match(last?.[1] ?? "", reason);
      const decoded = createJsonArrayDecoder(true).decode(bytes, 0, true).records.at(-1);
      assert.ok(decoded?.kind === "invalid" && !decoded.recoverable);
    });
  }

  it("brackets that do not match make one element invalid", () => {
    const [first, second] = decode('[{"a":1],{"a":2}]');
    assert.match(first?.[1] ?? "", /^! not valid JSON/);
    assert.deepEqual(second, [9, '{"a":2}']);
  });
});

describe("createCsvDecoder", () => {
  const decode = (text: string | Buffer) =>
    decodeAllCuts(() => createCsvDecoder(csvFormat, null), Buffer.from(text));

  it("the first record names the columns, with LF, CR LF, or no line end at the end", () => {
    assert.deepEqual(decode("a,b\r\n1,2\n3,\r\n5,6"), [
      [5, '{"a":"1","b":"2"}'],
      [9, '{"a":"3","b":""}'],
      [13, '{"a":"5","b":"6"}'],
    ]);
  });

  it("quoted fields hold delimiters, line ends and doubled quotes", () => {
    assert.deepEqual(decode('a,b\n"1,""x""","two\r\nlines"\n"",""\n'), [
      [4, '{"a":"1,\\"x\\"","b":"two\\r\\nlines"}'],
      [27, '{"a":"","b":""}'],
    ]);
  });

  it("empty lines are passed over", () => {
    assert.deepEqual(decode("\r\na\n\n1\n\r\n"), [[5, '{"a":"1"}']]);
  });

  it("a character of several bytes may lie across two chunks", () => {
    assert.deepEqual(decode("näme\n€𝄞\n"), [[6, '{"näme":"€𝄞"}']]);
  });

  it("a record of the wrong width is invalid, and the next one is read", () => {
    assert.deepEqual(decode("a,b\n1\n1,2,3\n1,2\n"), [
      [4, "! 1 columns where the header has 2"],
      [6, "! 3 columns where the header has 2"],
      [12, '{"a":"1","b":"2"}'],
    ]);
  });

  it("a malformed record is invalid, and the records around it are read", () => {
    const [first, second, third] = decode('a,b\n1,2\n"x"y,2\n3,4\n');
    assert.deepEqual(first, [4, '{"a":"1","b":"2"}']);
    assert.match(second?.[1] ?? "", /^! Invalid Closing Quote/);
    assert.equal(second?.[0], 8);
    assert.deepEqual(third, [15, '{"a":"3","b":"4"}']);
  });

  it("a quote inside a field that is not quoted is invalid", () => {
    const [first, second] = decode('a\n5" pipe\n2\n');
    assert.match(first?.[1] ?? "", /^! Invalid Opening Quote/);
    assert.deepEqual(second, [10, '{"a":"2"}']);
  });

  it("a quote that is never closed ends reading where it begins", () => {
    const bytes = Buffer.from('a\n1\n"2\n3\n4\n');
    const shown = decodeChunks(createCsvDecoder(csvFormat, null), [bytes]);
    assert.deepEqual(shown[0], [2, '{"a":"1"}']);
    assert.match(shown[1]?.[1] ?? "", /^! Quote Not Closed/);
    const decoded = createCsvDecoder(csvFormat, null).decode(bytes, 0, true).records.at(-1);
    assert.ok(decoded?.kind === "invalid" && !decoded.recoverable && decoded.start === 4);
  });

  it("a record that is not UTF-8 is invalid, and the next one is read", () => {
    const bytes = Buffer.concat([Buffer.from("a\n"), Buffer.from([0xe9]), Buffer.from("\n2\n")]);
    assert.deepEqual(decode(bytes), [
      [2, "! not valid UTF-8"],
      [4, '{"a":"2"}'],
    ]);
  });

  it("a header with an empty or a repeated name ends reading", () => {
    assert.deepEqual(decode("a,\n1,2\n"), [[0, "! unusable header: column 2 has no name"]]);
    assert.deepEqual(decode("a,a\n1,2\n"), [[0, "! unusable header: two columns are named a"]]);
  });

  it("a column may be called __proto__", () => {
    assert.deepEqual(decode("__proto__\nx\n"), [[10, '{"__proto__":"x"}']]);
  });

  it("delimiter and quote may be other characters, of several bytes too", () => {
    const format = { ...csvFormat, delimiter: "¦", quote: "'", columns: ["a", "b"] };
    const create = () => createCsvDecoder(format, format.columns);
    assert.deepEqual(decodeAllCuts(create, Buffer.from("'1¦1'¦2\n")), [[0, '{"a":"1¦1","b":"2"}']]);
  });
});
