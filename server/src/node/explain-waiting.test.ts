import assert from "node:assert/strict";
import type { Waiting } from "../core/waiting.js";
import { explainWaiting } from "./explain-waiting.js";

const address = { typeName: "shop/order", id: "1" };

const server = {
  endpoint: "shop/* mail/send",
  address: "127.0.0.1:9000",
  state: "ready",
  reason: "",
  sdk: "",
  functions: ["shop/order"],
  session: 7,
} as const;

const refused = { state: "backing-off", reason: "connect ECONNREFUSED", session: 0 } as const;

function explain(waiting: Partial<Waiting>, servers: Parameters<typeof explainWaiting>[2]): string {
  const at = { kind: "unserved" } as const;
  return explainWaiting(
    address,
    { ahead: 0, attempts: 0, lastFailure: null, at, ...waiting },
    servers,
  );
}

describe("explainWaiting()", () => {
  it("names the servers that could serve the type, and why they do not", () => {
    const other = { ...server, ...refused, endpoint: "mail/*", address: "127.0.0.1:9002" };
    const dialledIn = { ...server, ...refused, endpoint: null };
    assert.equal(
      explain({}, [{ ...server, ...refused }, other, dialledIn]),
      "no server serves shop/order now: 127.0.0.1:9000 is backing-off (connect ECONNREFUSED)",
    );
    assert.equal(explain({}, [other]), "no server serves shop/order now");
  });

  it("names the server that has the address, and how many messages come first", () => {
    const at = { kind: "inFlight", session: 7, forMs: 1500 } as const;
    assert.equal(explain({ at }, [server]), "its address is at 127.0.0.1:9000 for 1500 ms");
    assert.equal(
      explain({ at: { kind: "inLine", session: 7 }, ahead: 2 }, [server]),
      "2 messages before it; its address is in line at 127.0.0.1:9000",
    );
    assert.equal(
      explain({ at, ahead: 1 }, []),
      "1 message before it; its address is at a server for 1500 ms",
    );
  });

  it("says why an HTTP endpoint that has the address cannot be reached", () => {
    const at = { kind: "inFlight", session: 7, forMs: 1500 } as const;
    const away = { ...server, state: "backing-off", reason: "getaddrinfo ENOTFOUND shop" } as const;
    assert.equal(
      explain({ at }, [away]),
      "its address is at 127.0.0.1:9000 for 1500 ms: backing-off (getaddrinfo ENOTFOUND shop)",
    );
  });

  it("says what failed, how often, and when it is tried again", () => {
    const at = { kind: "backingOff", retryInMs: 250 } as const;
    const lastFailure = { code: "function", message: "TypeError: x" };
    assert.equal(
      explain({ at, attempts: 3, lastFailure }, []),
      "its address is tried again in 250 ms; 3 attempts failed, the last one: function: TypeError: x",
    );
    assert.equal(
      explain({ at, attempts: 1 }, []),
      "its address is tried again in 250 ms; 1 attempt failed",
    );
    assert.equal(
      explain({ at: { kind: "parked" }, lastFailure: { code: "badInput", message: "m" } }, []),
      "its address is parked until an operator decides; badInput: m",
    );
  });
});
