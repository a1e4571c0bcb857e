import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import { readTableBytes, writeTables } from "../../test/support/damaged-tables.js";
import { StoreError } from "./store-error.js";
import { withTableFile } from "./table-file.js";
import { scanTables } from "./table-scan.js";

// Goal: whatever the file of the tables has become, looking at it ends, and says what is damaged.
// Method: the file of real tables with changed bytes. That LMDB can read what passes is shown by
// table-scan.process.test.ts.

const directory = mkdtempSync(join(tmpdir(), "statewire-scan-"));
await writeTables(directory, 1);
const original = readTableBytes(directory);

describe("scanTables, of any bytes", () => {
  after(() => rmSync(directory, { recursive: true }));

  fuzz(
    "tables: changed bytes",
    fc.property(mutations([original]), (bytes) => {
      writeFileSync(join(directory, "data.mdb"), bytes);
      decodeOwing(
        bytes.length,
        () => withTableFile(directory, scanTables),
        (error) =>
          error instanceof StoreError && ["TABLES_CORRUPT", "FORMAT_UNKNOWN"].includes(error.code),
      );
    }),
    { inputs: 150 },
  );
});
