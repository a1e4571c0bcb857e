import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareLines, writeRecords } from "./numbered-lines.js";

const records = { count: 5, addresses: 2, amount: 1 };

describe("numbered records", () => {
  const directory = mkdtempSync(join(tmpdir(), "statewire-lines-"));
  const path = join(directory, "lines.txt");

  after(() => rmSync(directory, { recursive: true }));

  it("go to their addresses in turn", async () => {
    await writeRecords(path, records);
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    const accounts = lines.map((line) => JSON.parse(line).account);
    assert.deepEqual(accounts, ["a0", "a1", "a0", "a1", "a0"]);
  });

  it("are found to be lost, doubled, made up or in the wrong order", async () => {
    const compare = (...lines: readonly string[]) => {
      writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
      return compareLines(path, records);
    };
    const all = ["a1 1", "a0 0 1", "a1 3", "a0 2 2", "a0 4 3"];
    assert.deepEqual(await compare(...all), { lost: 0, doubled: 0, disordered: 0 });
    assert.deepEqual(await compare(...all, "a0 2 4"), { lost: 0, doubled: 1, disordered: 0 });
    assert.deepEqual(await compare(...all, "a0 6 4"), { lost: 0, doubled: 1, disordered: 0 });
    assert.deepEqual(await compare(...all.slice(1)), { lost: 1, doubled: 0, disordered: 0 });
    const turned = ["a1 3", "a0 0 1", "a1 1", "a0 2 2", "a0 4 3"];
    assert.deepEqual(await compare(...turned), { lost: 0, doubled: 0, disordered: 1 });
  });
});
