import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultyNetwork } from "./support/faulty-network.js";
import { expectedLedger } from "./support/ledger-outcome.js";
import { Ledger } from "./support/process-ledger.js";
import { createBucket, hasS3Server } from "./support/s3-server.js";

// Goal: a store that is away delays checkpoints and what waits for them, and nothing else. Method: a
// real node, a real S3 server, and a network between them that is cut and mended.

describe("a node whose checkpoint store is away", function () {
  if (!hasS3Server()) return;
  this.timeout(180_000);
  let ledger: Ledger;
  let network: FaultyNetwork;

  beforeEach(async () => {
    ledger = new Ledger(mkdtempSync(join(tmpdir(), "statewire-outage-")));
    const { bucket, endpoint, environment } = await createBucket();
    network = await FaultyNetwork.open(endpoint);
    ledger.environment = { ...environment, STATEWIRE_S3_ENDPOINT: network.endpoint };
    ledger.words = [
      ...["--checkpoint-store", `s3://${bucket}/away`, "--checkpoint-interval-ms", "150"],
      ...["--checkpoint-backlog-bytes", "1 MiB"],
    ];
    ledger.waitFor = "checkpoint";
    await ledger.server.start();
  });

  afterEach(async () => {
    await ledger.stop();
    network.close();
    rmSync(ledger.directory, { recursive: true });
  });

  const records = Array.from({ length: 3000 }, (_, number) => ({
    account: `account-${number % 7}`,
    number,
    amount: number % 13,
  }));

  it("goes on, says so, and lets out what waited when the store is back", async () => {
    const expected = expectedLedger(records);
    ledger.writeInput(records);
    await ledger.server.kill();
    const node = ledger.startNode();
    const { httpAddress } = await node.ready();
    await untilMetric(httpAddress, "checkpoint_number", (number) => number > 0);
    network.cut();
    await node.logged("checkpoints are late");
    assert.equal(await readMetric(httpAddress, "checkpoint_late"), 1);
    await ledger.server.start();
    // Everything is handled, and nothing leaves that no checkpoint holds.
    const balance = JSON.stringify(expected.balance);
    while ((await ledger.state("total", "all", "balance")) !== balance) {
      assert.equal(ledger.outputBytes, 0);
    }
    assert.equal(ledger.outputBytes, 0);
    assert.ok((await readMetric(httpAddress, "checkpoint_retries_total")) > 0);
    network.mend();
    await node.logged("checkpoints are written again");
    await ledger.settled();
    assert.equal(await readMetric(httpAddress, "checkpoint_late"), 0);
    assert.equal(ledger.outputLines.length, records.length);
    const lines = ledger.outputLines;
    for (const [account, entry] of expected.accounts) {
      assert.deepEqual(
        lines.filter((line) => line.startsWith(`${account} `)),
        entry.lines,
      );
    }
  });

  it("starts with its data when the store is away, and takes its lineage over later", async () => {
    const first = ledger.startNode();
    await first.ready();
    await ledger.killNode();
    network.cut();
    const second = ledger.startNode();
    await second.logged("the node runs without its checkpoint store");
    const { httpAddress } = await second.ready();
    network.mend();
    await untilMetric(httpAddress, "checkpoint_number", (number) => number > 0);
    await ledger.killNode();
  });
});

async function readMetric(httpAddress: string, name: string): Promise<number> {
  const text = await (await fetch(`http://${httpAddress}/metrics`)).text();
  return Number(new RegExp(`^statewire_${name} (.*)$`, "m").exec(text)?.[1]);
}

async function untilMetric(
  httpAddress: string,
  name: string,
  isReached: (value: number) => boolean,
): Promise<void> {
  while (!isReached(await readMetric(httpAddress, name))) {
    // Asked again at once: the answer takes its time.
  }
}
