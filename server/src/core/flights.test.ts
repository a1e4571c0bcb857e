import assert from "node:assert/strict";
import fc from "fast-check";
import { createType } from "./catalog.js";
import { Flights } from "./flights.js";
import { Mailbox } from "./mailbox.js";

// Goal: an invocation is found under its id until it is removed, however many others come and go.
// Method: random programs against a map, with ids that jump so that slots are needed again.

const type = createType(1, "t/a");

function inFlightAs(invocation: number): Mailbox {
  const mailbox = new Mailbox(type, String(invocation));
  mailbox.invocation = invocation;
  return mailbox;
}

describe("invocations in flight", () => {
  it("are found by their id and listed in order of dispatch", () => {
    const step = fc.oneof(
      // A multiple of the ring's size lands in the slot of an older one.
      fc.constantFrom(1, 2, 8192, 3 * 8192).map((add) => ({ add, remove: 0 })),
      fc.nat(20).map((remove) => ({ add: 0, remove })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (program) => {
        const flights = new Flights();
        const model = new Map<number, Mailbox>();
        const known = [0];
        let newest = 0;
        for (const { add, remove } of program) {
          if (add > 0) {
            newest += add;
            const mailbox = inFlightAs(newest);
            flights.add(mailbox);
            model.set(newest, mailbox);
            known.push(newest);
          } else {
            const mailbox = [...model.values()][remove % Math.max(1, model.size)];
            if (mailbox !== undefined) {
              flights.remove(mailbox);
              model.delete(mailbox.invocation);
            }
          }
          assert.equal(flights.size, model.size);
          for (const id of known) assert.equal(flights.get(id), model.get(id), `invocation ${id}`);
          assert.deepEqual(flights.values(), [...model.values()]);
        }
      }),
    );
  });

  it("are none at first", () => {
    const flights = new Flights();
    assert.equal(flights.get(1), undefined);
    assert.deepEqual(flights.values(), []);
  });
});
