import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { Mailbox } from "./mailbox.js";
import { MailboxTable } from "./mailbox-table.js";

// Goal: the table is a map. Method: random programs against the engine's own map, over few ids, so
// that they come and go, and with many at once, so that the table grows.

const type = createType(1, "t/a");

function assertEqual(table: MailboxTable, model: ReadonlyMap<string, Mailbox>): void {
  assert.equal(table.size, model.size);
  assert.deepEqual(new Set(table.values()), new Set(model.values()));
}

describe("a table of mailboxes", () => {
  it("finds what was added and not deleted, over random programs", () => {
    const step = fc.record({ id: fc.nat(60).map((id) => `id ${id}`), add: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (program, seed) => {
        const table = new MailboxTable(seed);
        const model = new Map<string, Mailbox>();
        for (const { id, add } of program) {
          if (add && !model.has(id)) {
            const mailbox = new Mailbox(type, id);
            table.add(mailbox);
            model.set(id, mailbox);
          } else if (!add) {
            table.delete(id);
            model.delete(id);
          }
        }
        assertEqual(table, model);
        for (let id = 0; id <= 60; id++) {
          assert.equal(table.get(`id ${id}`), model.get(`id ${id}`));
        }
      }),
    );
  });

  it("finds each of many, whatever their ids are, until it is deleted", () => {
    const texts = fc.uniqueArray(unicodeText(), { maxLength: 500 });
    fc.assert(
      fc.property(texts, fc.integer(), (ids, seed) => {
        const table = new MailboxTable(seed);
        const model = new Map(ids.map((id) => [id, new Mailbox(type, id)]));
        for (const mailbox of model.values()) table.add(mailbox);
        assertEqual(table, model);
        for (const id of ids) {
          assert.equal(table.get(id), model.get(id));
          table.delete(id);
          model.delete(id);
          assert.equal(table.get(id), undefined);
        }
        assertEqual(table, model);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps its place for the next when one is deleted while all are listed", () => {
    const table = new MailboxTable(7);
    for (let id = 0; id < 1000; id++) table.add(new Mailbox(type, `${id}`));
    const seen = new Set<string>();
    for (const { id } of table.values()) {
      seen.add(id);
      table.delete(id);
    }
    assert.deepEqual([seen.size, table.size], [1000, 0]);
  });
});
