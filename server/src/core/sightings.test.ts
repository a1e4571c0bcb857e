import assert from "node:assert/strict";
import { Sightings } from "./sightings.js";

// Goal: an address that returns soon is known, one that does not return is forgotten, and strangers
// are seldom taken for known ones.

const ids = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => `instance-${from + at}`);

describe("Sightings", () => {
  it("knows what it has noted, by type and id", () => {
    const sightings = new Sightings(100);
    assert.equal(sightings.note(1, "a"), false);
    assert.equal(sightings.note(1, "a"), true);
    assert.equal(sightings.note(2, "a"), false);
    assert.equal(sightings.note(1, "b"), false);
  });

  it("remembers an address over as many others as it is made for", () => {
    for (const addresses of [1, 7, 1000]) {
      const sightings = new Sightings(addresses);
      sightings.note(1, "a");
      for (const id of ids(0, addresses)) sightings.note(1, id);
      assert.equal(sightings.note(1, "a"), true, `${addresses} addresses`);
    }
  });

  it("forgets it after twice as many", () => {
    const sightings = new Sightings(1000);
    sightings.note(1, "a");
    for (const id of ids(0, 2200)) sightings.note(1, id);
    assert.equal(sightings.note(1, "a"), false);
  });

  it("takes few strangers for known ones, also by ids that differ in one digit", () => {
    const sightings = new Sightings(10_000);
    const known = ids(0, 50_000).filter((id) => sightings.note(1, id));
    assert.ok(known.length < 50_000 / 15, `${known.length} of 50,000`);
  });

  it("bounds its memory, whatever number a server names", () => {
    const sightings = new Sightings(2 ** 32 - 1);
    assert.equal(sightings.note(1, "a"), false);
    assert.equal(sightings.note(1, "a"), true);
  });
});
