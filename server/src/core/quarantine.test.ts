import assert from "node:assert/strict";
import { emptyResult } from "../../test/support/core-result-commands.js";
import { Story, widePolicy } from "../../test/support/core-story.js";
import type { Mailbox } from "./mailbox.js";

// Goal: a message that kills its server is found among many, and none of the others is held to
// account, however slow they are. Method: a server that dies as soon as the poison reaches it, and
// else ends one message at a time.

const window = { invocations: 10_000, bytes: 1_000_000 };
const functions = ["t/a", "t/b"].map((pattern) => ({
  pattern,
  states: [],
  inFlightMax: 0,
  batchMax: 0,
}));

/** A server that others take the place of, and addresses with a message each. */
class Fleet {
  readonly story = new Story();
  /** What the server that is up has in flight: invocations by address. */
  readonly running = new Map<string, number>();
  #session = 0;

  constructor(addresses: readonly string[]) {
    const retry = { ...widePolicy.retry, attemptsMax: 1 };
    const invocationTimeoutMs = 1_000_000;
    this.story.functions.push({ pattern: "t/*", retry, invocationTimeoutMs, batchMax: 0 });
    this.#attach();
    addresses.forEach((address, at) => {
      const [namespace = "", type = "", id = ""] = address.split("/");
      const message = { typename: "x/text", value: null };
      const to = { typeName: `${namespace}/${type}`, id, message, traceparent: "" };
      this.story.step({ kind: "send", request: at + 1, ...to, delayMs: 0, once: null });
    });
    this.receive();
  }

  receive(): void {
    for (const { invocations } of this.story.drain().dispatches) {
      for (const { binding, id, invocation } of invocations) {
        this.running.set(`${binding.type.name}/${id}`, invocation);
      }
    }
  }

  /** The server dies, and another one comes. */
  die(): void {
    this.story.step({ kind: "sessionDetached", session: this.#session });
    this.#attach();
    this.receive();
  }

  /** The node dies, as it has done before, and its server with it. */
  dieWithNode(servers = [functions]): void {
    this.story.suspectRestored = true;
    this.story.crash();
    for (const served of servers) this.#attach(served);
    this.receive();
  }

  /** The server ends the message that it has had longest. */
  end(): void {
    const [first] = this.running;
    if (first === undefined) return;
    this.running.delete(first[0]);
    const results = [emptyResult(first[1])];
    this.story.step({ kind: "results", session: this.#session, results });
  }

  get mailboxes(): Mailbox[] {
    const types = [...this.story.machine.shard.types.values()];
    return types.flatMap((type) => [...type.mailboxes.values()]);
  }

  #attach(served = functions): void {
    const session = ++this.#session;
    this.running.clear();
    const attached = { kind: "sessionAttached", session, functions: served } as const;
    this.story.step({ ...attached, window, leasesMax: 0 });
  }
}

const innocent = Array.from({ length: 100 }, (_, at) => `t/a/id${at}`);

describe("a message that kills its server", () => {
  it("is one of a group after two lost streams, and the only suspect after three", () => {
    const fleet = new Fleet(["t/a/poison", ...innocent]);
    assert.equal(fleet.running.size, 101);
    fleet.die();
    assert.equal(fleet.running.size, 101, "one loss says nothing");
    fleet.die();
    assert.equal(fleet.running.size, 32);
    fleet.die();
    assert.equal(
      fleet.running.size,
      32,
      "the others come first: they have been in line for longer",
    );
    while (fleet.mailboxes.length > 32) {
      fleet.end();
      fleet.receive();
      assert.ok(fleet.running.size <= 32);
    }
    assert.equal(fleet.running.size, 1, "those of the lost group go one by one");
    fleet.end();
    fleet.receive();
    assert.equal(fleet.running.size, 1);
  });

  it("is parked, whatever the limit of attempts, and no other one is", () => {
    const others = innocent.map((address) => address.replace("t/a", "t/b"));
    const fleet = new Fleet([...innocent, "t/a/poison", ...others, "t/b/poison"]);
    const isOver = () => fleet.mailboxes.every(({ state }) => state === "parked");
    for (let round = 0; round < 2000 && !isOver(); round++) {
      if (fleet.running.has("t/a/poison") || fleet.running.has("t/b/poison")) fleet.die();
      else fleet.end();
      fleet.story.tick(200);
      fleet.receive();
    }
    const left = fleet.mailboxes.map(({ type, id, state }) => `${type.name}/${id} ${state}`);
    assert.deepEqual(left.sort(), ["t/a/poison parked", "t/b/poison parked"]);
  });

  it("makes nobody wait who has not been in flight with it again and again", () => {
    const fleet = new Fleet(["t/a/poison"]);
    for (let death = 0; death < 3; death++) fleet.die();
    const message = { typename: "x/text", value: null };
    const to = { typeName: "t/a", id: "new", message, traceparent: "" };
    fleet.story.step({ kind: "send", request: 9, ...to, delayMs: 0, once: null });
    fleet.receive();
    assert.deepEqual([...fleet.running.keys()], ["t/a/poison", "t/a/new"]);
  });
});

describe("a message that kills the node", () => {
  it("is parked after some deaths, and no other one is", () => {
    const others = innocent.map((address) => address.replace("t/a", "t/b"));
    const fleet = new Fleet([...innocent, "t/a/poison", ...others]);
    fleet.story.commit();
    let deaths = 0;
    const isOver = () => fleet.mailboxes.every(({ state }) => state === "parked");
    for (let round = 0; round < 1000 && !isOver(); round++) {
      if (fleet.running.has("t/a/poison")) {
        fleet.dieWithNode();
        deaths++;
      } else fleet.end();
      fleet.story.commit();
      fleet.receive();
    }
    const left = fleet.mailboxes.map(({ type, id, state }) => `${type.name}/${id} ${state}`);
    assert.deepEqual(left, ["t/a/poison parked"]);
    assert.ok(deaths <= 10, `${deaths} deaths`);
  });

  it("is in flight with no other suspect, on whichever server", () => {
    const fleet = new Fleet([...innocent, "t/b/one", "t/b/two"]);
    fleet.story.commit();
    for (let death = 0; death < 3; death++) {
      fleet.dieWithNode(functions.map((one) => [one]));
      fleet.story.commit();
      fleet.receive();
      const isFirst = death === 0;
      assert.equal(fleet.running.size, isFirst ? 32 : 1, `after ${death + 1} deaths`);
    }
  });

  it("is not given up where attempts have no limit", () => {
    const fleet = new Fleet(["t/a/poison"]);
    const [policy] = fleet.story.functions;
    assert.ok(policy !== undefined);
    fleet.story.functions[0] = { ...policy, retry: { ...policy.retry, attemptsMax: 0 } };
    fleet.story.commit();
    for (let death = 0; death < 20; death++) {
      fleet.dieWithNode();
      fleet.story.commit();
      fleet.receive();
      assert.ok(fleet.running.has("t/a/poison"), `after ${death} deaths`);
    }
  });
});
