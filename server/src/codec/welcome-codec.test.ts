import assert from "node:assert/strict";
import type { FunctionSpec } from "@statewire/protos/statewire/v1/stream.js";
import { Expiration_Mode, Welcome } from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { parseWelcome } from "./welcome-codec.js";

// Goal: a Welcome that keeps every clause becomes the core's table; each broken clause is named.

const offer = { versions: [2, 1], features: ["leases", "lazy-state"] };

type PartialWelcome = Parameters<typeof Welcome.create>[0];
type PartialFunction = Parameters<typeof FunctionSpec.create>[0];

const valid: PartialWelcome = {
  version: 1,
  sdkName: "sdk",
  sdkVersion: "1.2.3",
  serverName: "server-1",
  features: ["leases", "lazy-state"],
  functions: [{ typeName: "example/counter" }],
  window: { invocations: 10, bytes: 1000 },
  leasedAddressesMax: 100,
};

function parse(change: PartialWelcome) {
  return parseWelcome(Welcome.create({ ...valid, ...change }), offer);
}

function parseFunction(entry: PartialFunction, change: PartialWelcome = {}) {
  return parse({ ...change, functions: [{ typeName: "example/counter", ...entry }] }).functions[0];
}

function assertViolates(clause: string, message: RegExp, act: () => unknown): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof ProtocolViolation, String(error));
    assert.equal(error.clause, clause, error.message);
    assert.match(error.message, message);
    return true;
  });
}

describe("parseWelcome", () => {
  it("reads a table with states, limits and expirations", () => {
    const handshake = parse({
      functions: [
        {
          typeName: "example/counter",
          inFlightMax: 5,
          batchMax: 7,
          states: [
            {
              name: "count",
              typename: "a/b",
              expiration: { mode: Expiration_Mode.AFTER_WRITE, durationMs: 1 },
            },
            {
              name: "seen",
              typename: "a/c",
              lazy: true,
              expiration: { mode: Expiration_Mode.AFTER_INVOCATION, durationMs: 2 },
            },
            { name: "plain", typename: "a/d" },
          ],
        },
        { typeName: "mail/*" },
      ],
    });
    assert.deepEqual(handshake, {
      functions: [
        {
          pattern: "example/counter",
          inFlightMax: 5,
          batchMax: 7,
          states: [
            {
              name: "count",
              typename: "a/b",
              lazy: false,
              expiration: { mode: "afterWrite", durationMs: 1 },
            },
            {
              name: "seen",
              typename: "a/c",
              lazy: true,
              expiration: { mode: "afterInvocation", durationMs: 2 },
            },
            { name: "plain", typename: "a/d", lazy: false, expiration: null },
          ],
        },
        { pattern: "mail/*", inFlightMax: 0, batchMax: 0, states: [] },
      ],
      window: { invocations: 10, bytes: 1000 },
      leasesMax: 100,
      features: ["leases", "lazy-state"],
      sdk: "sdk 1.2.3",
      serverName: "server-1",
    });
  });

  it("takes an absent window for a closed one [CREDIT-1]", () => {
    assert.deepEqual(parse({ window: undefined }).window, { invocations: 0, bytes: 0 });
  });

  it("grants no leases to a server without the feature [LEASE-4]", () => {
    assert.equal(parse({ features: ["lazy-state"] }).leasesMax, 0);
    assert.equal(parse({ features: [] }).leasesMax, 0);
  });

  it("names both sides' versions when they differ [HELLO-3]", () => {
    assertViolates("HELLO-3", /version 3; .*2, 1/, () => parse({ version: 3 }));
    assertViolates("HELLO-3", /version 0/, () => parse({ version: 0 }));
    assert.equal(parse({ version: 2 }).serverName, "server-1");
  });

  it("refuses features that were not offered, and doubled ones [HELLO-4]", () => {
    assertViolates("HELLO-4", /"teleport"; offered are leases, lazy-state/, () =>
      parse({ features: ["leases", "teleport"] }),
    );
    assertViolates("HELLO-4", /twice/, () => parse({ features: ["leases", "leases"] }));
  });

  it("refuses an empty table [TABLE-11]", () => {
    assertViolates("TABLE-11", /empty/, () => parse({ functions: [] }));
  });

  it("refuses a function type that comes twice [TABLE-16]", () => {
    const functions = [{ typeName: "a/b" }, { typeName: "a/*" }, { typeName: "a/b" }];
    assertViolates("TABLE-16", /twice/, () => parse({ functions }));
    assert.equal(parse({ functions: functions.slice(0, 2) }).functions.length, 2);
  });

  it("refuses names that are neither namespace/type nor namespace/* [TABLE-2]", () => {
    const long = "x".repeat(256);
    const bad = ["", "example", "/counter", "example/", "*/*", "ex*/a", "a/b*", "a/b/c", "a//b"];
    for (const typeName of [...bad, `${long}/a`, `a/${long}`, `${long}/*`]) {
      assertViolates("TABLE-2", /is neither/, () => parseFunction({ typeName }));
    }
    assert.equal(parseFunction({ typeName: `${"x".repeat(255)}/*` })?.batchMax, 0);
  });

  it("counts the length of names in bytes [TABLE-2]", () => {
    assertViolates("TABLE-2", /is neither/, () =>
      parseFunction({ typeName: `a/${"é".repeat(128)}` }),
    );
  });

  it("refuses state names that come twice, are empty or too long [TABLE-3]", () => {
    const states = (...names: string[]) => ({
      states: names.map((name) => ({ name, typename: "a/b" })),
    });
    assertViolates("TABLE-3", /twice/, () => parseFunction(states("a", "b", "a")));
    assertViolates("TABLE-3", /0 bytes/, () => parseFunction(states("")));
    assertViolates("TABLE-3", /256 bytes/, () => parseFunction(states("é".repeat(128))));
    assert.equal(parseFunction(states("x".repeat(255)))?.states.length, 1);
  });

  it("refuses a state without a typename [TABLE-17]", () => {
    assertViolates("TABLE-17", /no typename/, () => parseFunction({ states: [{ name: "count" }] }));
  });

  it("refuses a lazy state without the feature [LAZY-1]", () => {
    const entry = { states: [{ name: "count", typename: "a/b", lazy: true }] };
    assertViolates("LAZY-1", /not agreed/, () => parseFunction(entry, { features: ["leases"] }));
    assert.equal(parseFunction(entry)?.states[0]?.lazy, true);
  });

  it("refuses an unknown mode of expiration, and a duration of 0 [TABLE-13]", () => {
    const expiring = (mode: number, durationMs: number) => ({
      states: [
        {
          name: "count",
          typename: "a/b",
          expiration: { mode: mode as Expiration_Mode, durationMs },
        },
      ],
    });
    assertViolates("TABLE-13", /mode 0/, () => parseFunction(expiring(0, 1)));
    assertViolates("TABLE-13", /mode 3/, () => parseFunction(expiring(3, 1)));
    assertViolates("TABLE-13", /after 0 ms/, () =>
      parseFunction(expiring(Expiration_Mode.AFTER_WRITE, 0)),
    );
  });
});
