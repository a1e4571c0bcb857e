import assert from "node:assert/strict";
import { createType } from "../core/catalog.js";
import type { FunctionSpec } from "../core/command.js";
import { StreamTypes } from "./stream-types.js";

// Goal: the type indexes of a stream are those that PROTOCOL.md section 7 demands.

function entries(...patterns: string[]): FunctionSpec[] {
  return patterns.map((pattern) => ({ pattern, states: [], inFlightMax: 0, batchMax: 0 }));
}

function named(name: string) {
  return createType(1, name);
}

describe("StreamTypes", () => {
  it("numbers the table from 1 and has no type 0 [TABLE-1]", () => {
    const types = new StreamTypes(entries("example/a", "example/b"));
    assert.equal(types.count, 2);
    assert.equal(types.indexOf(named("example/a")), 1);
    assert.equal(types.indexOf(named("example/b")), 2);
    assert.equal(types.nameOf(0), undefined);
    assert.equal(types.nameOf(1), "example/a");
    assert.equal(types.nameOf(3), undefined);
    assert.deepEqual(types.takeDefinitions(), []);
  });

  it("defines a type beyond the table when it is first used, once [TABLE-5] [TABLE-7]", () => {
    const types = new StreamTypes(entries("example/a"));
    const other = named("other/caller");
    assert.equal(types.indexOf(other), 2);
    assert.equal(types.indexOf(other), 2);
    assert.deepEqual(types.takeDefinitions(), [{ index: 2, typeName: "other/caller", entry: 0 }]);
    assert.deepEqual(types.takeDefinitions(), []);
    assert.equal(types.indexOf(other), 2);
    assert.deepEqual(types.takeDefinitions(), []);
  });

  it("gives definitions the numbers after the highest, in order [TABLE-6]", () => {
    const types = new StreamTypes(entries("example/a", "example.mail/*"));
    types.indexOf(named("x/1"));
    types.indexOf(named("x/2"));
    assert.deepEqual(
      types.takeDefinitions().map(({ index }) => index),
      [3, 4],
    );
    types.indexOf(named("x/3"));
    assert.deepEqual(
      types.takeDefinitions().map(({ index }) => index),
      [5],
    );
    assert.equal(types.count, 5);
  });

  it("names the wildcard entry of the namespace, and only of that namespace [TABLE-8]", () => {
    const types = new StreamTypes(entries("example/a", "mail/*", "mail.inbox/*"));
    for (const name of ["mail/greeter", "mail.inbox/greeter", "mail.outbox/greeter", "ma/il"]) {
      types.indexOf(named(name));
    }
    assert.deepEqual(types.takeDefinitions(), [
      { index: 4, typeName: "mail/greeter", entry: 2 },
      { index: 5, typeName: "mail.inbox/greeter", entry: 3 },
      { index: 6, typeName: "mail.outbox/greeter", entry: 0 },
      { index: 7, typeName: "ma/il", entry: 0 },
    ]);
  });

  it("serves a type by its exact entry where the table has a wildcard too [TABLE-9]", () => {
    const types = new StreamTypes(entries("mail/*", "mail/greeter"));
    assert.equal(types.indexOf(named("mail/greeter")), 2);
    assert.deepEqual(types.takeDefinitions(), []);
    assert.equal(types.nameOf(1), undefined, "a wildcard stands for no type");
  });
});
