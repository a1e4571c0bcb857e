// Goal: a clause id can be trusted. Method: read every definition of PROTOCOL.md and every citation
// in it and in the proto files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listProtoFiles, packageDirectory, readSpecification } from "./package-files.js";

const definition = /^- \*\*\[([A-Z]+-\d+)\]\*\* /gm;
const citation = /\[([A-Z]+-\d+)\]/g;
const consequence =
  /\*(Protocol\s+error|Result\s+refused|Ignored|Call\s+refused|Lost\s+stream|Not\s+observable)\b/;

describe("clauses of PROTOCOL.md", () => {
  const specification = readSpecification();
  const defined = matchIds(specification, definition);

  it("are each defined once", () => {
    const repeated = defined.filter((id, index) => defined.indexOf(id) !== index);
    assert.deepEqual(repeated, []);
  });

  it("are numbered from 1 without a gap, in order", () => {
    const next = new Map<string, number>();
    for (const id of defined) {
      const [group = "", number = ""] = id.split("-");
      const expected = (next.get(group) ?? 0) + 1;
      assert.equal(Number(number), expected, id);
      next.set(group, expected);
    }
  });

  it("say MUST, SHOULD or MAY", () => {
    const silent = readClauses(specification).filter(({ text }) => !/MUST|SHOULD|MAY/.test(text));
    assert.deepEqual(silent, []);
  });

  it("say what happens when a MUST is broken", () => {
    const silent = readClauses(specification).filter(
      ({ text }) => /MUST/.test(text) && !consequence.test(text),
    );
    assert.deepEqual(silent, []);
  });

  it("are defined when another clause cites them", () => {
    assert.deepEqual(missingFrom(defined, matchIds(specification, citation)), []);
  });

  for (const path of listProtoFiles()) {
    it(`are defined when ${path} cites them`, () => {
      const text = readFileSync(join(packageDirectory, path), "utf8");
      assert.deepEqual(missingFrom(defined, matchIds(text, citation)), []);
    });
  }

  it("are cited by the messages of the stream", () => {
    const path = join(packageDirectory, "statewire", "v1", "stream.proto");
    const blocks = readFileSync(path, "utf8").split(/\n\n/);
    const silent = blocks.filter(
      (block) => /^message /m.test(block) && !/\[[A-Z]+-\d+\]/.test(block),
    );
    assert.deepEqual(silent, []);
  });
});

function readClauses(specification: string): readonly { id: string; text: string }[] {
  return specification.split(/^(?=- \*\*\[)/m).flatMap((piece) => {
    const [text = ""] = piece.split(/\n\n/);
    const match = /^- \*\*\[([A-Z]+-\d+)\]\*\* /.exec(text);
    return match?.[1] === undefined ? [] : [{ id: match[1], text }];
  });
}

function matchIds(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? "");
}

function missingFrom(defined: readonly string[], cited: readonly string[]): readonly string[] {
  const known = new Set(defined);
  return [...new Set(cited)].filter((id) => !known.has(id));
}
