import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tables } from "./tables.js";
import { openTables } from "./tables.js";

// Goal: a count and a last key are those of the keys of the range, whatever its ends are. Method:
// every range over a few keys, some of them ends, compared with the keys themselves.

describe("a checked table", () => {
  let directory = "";
  let tables: Tables;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-table-"));
    tables = openTables(directory);
  });

  afterEach(async () => {
    await tables.root.close();
    rmSync(directory, { recursive: true });
  });

  it("counts the keys of a range, and knows the last one", () => {
    const { messages } = tables.byName;
    for (const key of ["b", "d", "e", "h"]) messages.putSync(Buffer.from(key), Buffer.from("x"));
    const ends = [..."abcdefghi"].map((letter) => Buffer.from(letter));
    for (const start of [undefined, ...ends]) {
      for (const end of [undefined, ...ends]) {
        if (start !== undefined && end !== undefined && start > end) continue;
        const range = { ...(start && { start }), ...(end && { end }) };
        const keys = [...messages.getKeys(range)].map(String);
        const what = `${start} to ${end}`;
        assert.equal(messages.countKeys(range), keys.length, what);
        assert.equal(messages.lastKey(range)?.toString(), keys.at(-1), what);
      }
    }
  });
});
