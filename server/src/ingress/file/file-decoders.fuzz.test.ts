import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { assertWritten, decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import type { CsvFormat, FileTarget } from "../../module/module.js";
import { parseTemplate } from "../../module/template.js";
import { createCsvDecoder } from "./csv-decoder.js";
import type { FileRecord, RecordDecoder, ValidRecord } from "./file-record.js";
import { createJsonArrayDecoder } from "./json-array-decoder.js";
import { createNdjsonDecoder } from "./ndjson-decoder.js";
import { routeRecord } from "./record-router.js";

// Goal: any bytes of a file are records, or places with a reason why there is none; the same ones
// however the bytes come; and any record makes messages, or says which field does not. Method: files
// with changed bytes, whole and in two pieces; small files that stand for much.

const limits = { idBytesMax: 64, valueBytesMax: 200 };

const targets: readonly FileTarget[] = [
  {
    function: templateOf("example/{kind}"),
    id: templateOf("{origin}-{deep.city}"),
    valueType: "io.statefun.types/long",
    value: { kind: "field", path: ["delay"] },
  },
  {
    function: templateOf("example/log"),
    id: templateOf("all"),
    valueType: "application/json",
    value: { kind: "field", path: ["deep"] },
  },
  {
    function: templateOf("example/log"),
    id: templateOf("{origin}"),
    valueType: "io.statefun.types/string",
    value: { kind: "record" },
  },
];

function templateOf(text: string) {
  const template = parseTemplate(text);
  assert.ok(typeof template !== "string", String(template));
  return template;
}

const ndjson = Buffer.from(
  '{"kind":"late","origin":"ZRH","deep":{"city":"Bern"},"delay":12}\n\n[1]\r\n"é"\n1e400\n',
);
const array = Buffer.from(' [{"kind":"a","delay":12345678901234567890}, [], "x" ,1.5, null]\n');
const csv = Buffer.from('kind,origin,delay\r\nlate,"a ""quoted"" one\n",12\n\nx,,é\n');

const tricky = [
  ...['"', '""', ",", "\n", "\r\n", "\r", "[", "]", "{", "}", ":", "\\", "\\u", "\ufeff", "'", ";"],
  ...["\u0000", "é", "12345678901234567890", "1e999", "nul", "__proto__"],
].map((text) => Buffer.from(text));
tricky.push(Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80]));

const csvFormat: CsvFormat = { kind: "csv", delimiter: ",", quote: '"', columns: null };
const csvFormats = fc.record({
  kind: fc.constant("csv" as const),
  delimiter: fc.constantFrom(",", ";", "é", "€", "\t", " ", "\u{1f600}"),
  quote: fc.constantFrom('"', "'", "ë", "'", "\u{1f601}"),
  columns: fc.constantFrom(null, ["kind", "origin", "delay"]),
});

type Create = () => RecordDecoder;

function read(create: Create, pieces: readonly Buffer[]): FileRecord[] {
  const decoder = create();
  const found: FileRecord[] = [];
  let pending = Buffer.alloc(0);
  let offset = 0;
  for (const [at, piece] of pieces.entries()) {
    pending = Buffer.concat([pending, piece]);
    const ended = at === pieces.length - 1;
    const { records, consumed } = decoder.decode(pending, offset, ended);
    assert.ok(consumed <= pending.length);
    found.push(...records);
    const last = records.at(-1);
    if (last?.kind === "invalid" && !last.recoverable) break;
    offset += consumed;
    pending = pending.subarray(consumed);
  }
  return found;
}

function hold(create: Create, bytes: Buffer, cut: number): void {
  const whole =
    decodeOwing(
      bytes.length,
      () => read(create, [bytes]),
      () => false,
    ) ?? [];
  const at = cut % (bytes.length + 1);
  assert.deepEqual(
    read(create, [bytes.subarray(0, at), bytes.subarray(at)]).map(shown),
    whole.map(shown),
  );
  for (const record of whole) {
    assert.ok(record.start >= 0 && record.start <= bytes.length);
    if (record.kind === "invalid") assertReason(record.reason);
    else route(record, bytes.length);
  }
}

function shown(record: FileRecord): unknown {
  const { start, kind } = record;
  return kind === "valid" ? [start, Buffer.from(record.json()).toString()] : [start, record.reason];
}

function assertReason(reason: string): void {
  assert.notEqual(reason, "");
  assert.ok(reason.length < 500, `a reason of ${reason.length}`);
  assertWritten(reason);
}

/** What a record lacks is an Error that names the field. */
function route(record: ValidRecord, bytes: number): void {
  const names = /\b(kind|origin|deep\.city|deep|delay|function|id|value|the record)\b/;
  for (const target of targets) {
    decodeOwing(
      bytes,
      () => routeRecord(record, [target], limits),
      (error) => {
        assert.ok(error instanceof Error && error.constructor === Error, String(error));
        assertReason(error.message);
        assert.match(error.message, names);
        return true;
      },
    );
  }
}

const deep = 5000;
const large = 100_000;
const bombs: Readonly<Record<string, string>> = {
  "lists in lists": `${"[".repeat(deep)}${"]".repeat(deep)}`,
  "open lists": "[".repeat(deep),
  "maps in maps": `${'{"deep":'.repeat(deep)}1${"}".repeat(deep)}`,
  "a field of maps in maps": `{"deep":${'{"a":'.repeat(deep)}1${"}".repeat(deep)}}`,
  "a long line": `"${"x".repeat(large)}"`,
  "a long number": "9".repeat(large),
  "a number with a long exponent": `1e${"9".repeat(large)}`,
  backslashes: `"${"\\".repeat(large + 1)}`,
  quotes: '"'.repeat(large),
  "an open quote": `"${"a,b\n".repeat(5000)}`,
  commas: ",".repeat(large),
  "line feeds": "\n".repeat(large),
  "carriage returns": "\r".repeat(large),
  "many records": "[]\n".repeat(2000),
  "many keys": `{${Array.from({ length: 5000 }, (_, at) => `"k${at}":1`).join()}}`,
  "many columns": `${Array.from({ length: 5000 }, (_, at) => `c${at}`).join()}\n${",".repeat(4999)}`,
  "byte order marks": "[\ufeff1,\ufeff2]",
  "a key that is no key": '{"__proto__":{"kind":"x"},"constructor":1,"origin":"toString"}',
};

describe("decoders of files, of any bytes", () => {
  for (const [what, text] of Object.entries(bombs)) {
    it(`hold for ${what}`, () => {
      const bytes = Buffer.from(text);
      hold(createNdjsonDecoder, bytes, large / 2);
      hold(() => createJsonArrayDecoder(true), bytes, large / 2);
      hold(() => createJsonArrayDecoder(true), Buffer.from(`[${text}]`), large / 2);
      hold(() => createCsvDecoder(csvFormat, null), bytes, large / 2);
      hold(() => createCsvDecoder(csvFormat, ["kind", "origin"]), bytes, large / 2);
    });
  }

  const cut = fc.nat(200);
  fuzz(
    "files: NDJSON",
    fc.property(mutations([ndjson, array], tricky), cut, (bytes, at) => {
      hold(createNdjsonDecoder, bytes, at);
    }),
    { inputs: 600 },
  );

  fuzz(
    "files: JSON array",
    fc.property(mutations([array, ndjson], tricky), cut, fc.boolean(), (bytes, at, fromStart) => {
      hold(() => createJsonArrayDecoder(fromStart), bytes, at);
    }),
    { inputs: 600 },
  );

  fuzz(
    "files: CSV",
    fc.property(mutations([csv, ndjson], tricky), cut, csvFormats, (bytes, at, format) => {
      hold(() => createCsvDecoder(format, format.columns), bytes, at);
    }),
    { inputs: 600 },
  );
});
