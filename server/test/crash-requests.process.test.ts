import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import {
  CallRequest,
  IngressClient,
  SendRequest,
  type SendResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import { Ledger, type LedgerRecord } from "./support/process-ledger.js";

// Goal: who sends again after a crash is counted once, and what was acknowledged is there. Method:
// real processes, killed with -9 in the middle of requests that all come again.

function recordOf(number: number): LedgerRecord {
  return { account: `account-${number % 5}`, number, amount: number };
}

function messageOf(record: LedgerRecord, padding = "") {
  const text = JSON.stringify(padding === "" ? record : { ...record, padding });
  return {
    target: { namespace: "ledger", type: "account", id: record.account },
    message: { typename: "ledger/record", value: Buffer.from(text) },
  };
}

describe("requests to a node that is killed", () => {
  const ledgers: Ledger[] = [];
  const clients: IngressClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const ledger of ledgers.splice(0)) {
      await ledger.stop();
      rmSync(ledger.directory, { recursive: true });
    }
  });

  async function start(words: readonly string[]): Promise<Ledger> {
    const ledger = new Ledger(mkdtempSync(join(tmpdir(), "statewire-requests-")), { words });
    ledgers.push(ledger);
    await ledger.server.start();
    return ledger;
  }

  async function clientOf(ledger: Ledger): Promise<IngressClient> {
    const { grpcAddress } = (await ledger.node?.ready()) ?? { grpcAddress: "" };
    const client = new IngressClient(grpcAddress, credentials.createInsecure());
    clients.push(client);
    return client;
  }

  /** Null: nobody knows what became of it. */
  function send(client: IngressClient, request: SendRequest): Promise<SendResponse | null> {
    return new Promise((resolve) => {
      client.send(request, (error, response) => resolve(error === null ? response : null));
    });
  }

  function call(client: IngressClient, request: CallRequest): Promise<string | null> {
    return new Promise((resolve) => {
      client.call(request, (error, response) => {
        resolve(error === null ? JSON.parse(String(response.reply?.value)) : null);
      });
    });
  }

  async function totals(ledger: Ledger): Promise<unknown> {
    await ledger.settled();
    return JSON.parse((await ledger.state("total", "all", "balance")) ?? "null");
  }

  it("counts each message of a producer once, though all of them are sent again", async () => {
    const ledger = await start(["--journal-segment-bytes", "4 MiB"]);
    ledger.startNode();
    const requests = Array.from({ length: 120 }, (_, at) =>
      SendRequest.create({
        ...messageOf(recordOf(at + 1)),
        producer: { source: "test/producer", sequence: at + 1 },
      }),
    );
    let acknowledged = 0;
    for (const killAfter of [20, 55, 90]) {
      const client = await clientOf(ledger);
      for (const request of requests) {
        const response = await send(client, request);
        if (response === null) break;
        const sequence = request.producer?.sequence ?? 0;
        if (sequence <= acknowledged) assert.equal(response.duplicate, true, `${sequence}`);
        acknowledged = Math.max(acknowledged, sequence);
        // Not awaited: the next sends meet the kill wherever they are.
        if (sequence === killAfter) void ledger.killNode();
      }
      assert.ok(acknowledged < 120, "it was killed in the middle");
      await ledger.killNode();
      ledger.startNode();
    }
    const client = await clientOf(ledger);
    for (const request of requests) assert.notEqual(await send(client, request), null);
    assert.deepEqual(await totals(ledger), { count: 120, sum: (120 * 121) / 2 });
    assert.equal(ledger.outputLines.length, 120);
  }).timeout(60_000);

  it("answers a repeated call with the first reply, and runs it once", async () => {
    const ledger = await start(["--journal-segment-bytes", "4 MiB"]);
    ledger.startNode();
    const requests = Array.from({ length: 60 }, (_, at) =>
      CallRequest.create({ ...messageOf(recordOf(at)), idempotencyKey: `key ${at}` }),
    );
    const first = await clientOf(ledger);
    const answering = requests.map((request) => call(first, request));
    await Promise.race(answering);
    await ledger.killNode();
    const before = await Promise.all(answering);
    assert.ok(before.some((reply) => reply !== null));

    ledger.startNode();
    const second = await clientOf(ledger);
    const after = await Promise.all(requests.map((request) => call(second, request)));
    before.forEach((reply, at) => {
      if (reply !== null) assert.equal(after[at], reply);
    });
    const { server } = ledger;
    await server.kill();
    await server.start();
    const third = await Promise.all(requests.map((request) => call(second, request)));
    assert.deepEqual(third, after);
    assert.deepEqual(await totals(ledger), { count: 60, sum: (59 * 60) / 2 });
    assert.deepEqual([...ledger.outputLines].sort(), after.map((reply) => reply ?? "").sort());
  }).timeout(60_000);

  it("recovers 30 MB of journal after kill -9, and runs what waited in it", async () => {
    const ledger = await start([
      "--fold-journal-bytes",
      "1 GiB",
      "--journal-segment-bytes",
      "8 MiB",
    ]);
    // No function server: everything waits in its mailbox.
    await ledger.server.kill();
    ledger.startNode();
    const client = await clientOf(ledger);
    const padding = "x".repeat(500_000);
    const sends = Array.from({ length: 60 }, (_, at) =>
      send(client, SendRequest.create(messageOf(recordOf(at), padding))),
    );
    const responses = await Promise.all(sends);
    assert.ok(responses.every((response) => response !== null));
    await ledger.killNode();

    await ledger.server.start();
    const node = ledger.startNode();
    assert.deepEqual(await totals(ledger), { count: 60, sum: (59 * 60) / 2 });
    assert.ok(node.messages.includes("recovered the journal's tail"), node.log);
    assert.equal(ledger.outputLines.length, 60);
  }).timeout(60_000);
});
