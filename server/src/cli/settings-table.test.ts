import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { formatSettingsTable } from "./settings-table.js";

const file = new URL("../../../../docs/OPERATING.md", import.meta.url);
const begin = "<!-- settings: begin -->\n";
const end = "\n<!-- settings: end -->";

describe("docs/OPERATING.md", () => {
  it("has the table of settings that the runtime has (UPDATE=1 writes it)", () => {
    const text = readFileSync(file, "utf8");
    const [before = "", rest = ""] = text.split(begin);
    const [table = "", after = ""] = rest.split(end);
    if (process.env["UPDATE"] === "1") {
      writeFileSync(file, `${before}${begin}${formatSettingsTable()}${end}${after}`);
      return;
    }
    assert.equal(table, formatSettingsTable());
  });
});
