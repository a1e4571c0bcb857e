import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lineage } from "../src/checkpoint/lineage.js";
import { openObjectStore } from "../src/checkpoint/objectstore/open-store.js";
import type { CheckpointPlace } from "./support/checkpoint-places.js";
import { checkpointPlaces } from "./support/checkpoint-places.js";
import { expectedLedger } from "./support/ledger-outcome.js";
import { Ledger, type LedgerRecord } from "./support/process-ledger.js";
import { Random } from "./support/random.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: an application outlives its machines, and of two machines that run it the newer one wins.
// Method: real processes, killed with -9 or stopped with SIGSTOP, each with a data directory of its
// own; a store in a local directory and on a real S3 server; exact totals at the end.

const recordCount = 6000;

function drawRecords(random: Random): LedgerRecord[] {
  return Array.from({ length: recordCount }, (_, number) => ({
    account: `account-${random.below(53)}`,
    number,
    amount: random.below(1000),
  }));
}

function lineageOf({ url, environment }: CheckpointPlace): Lineage {
  const store = openObjectStore(url, {
    endpoint: environment["STATEWIRE_S3_ENDPOINT"] ?? null,
    region: "us-east-1",
    isPathStyle: true,
    idleTimeoutMs: 10_000,
    environment,
  });
  return new Lineage(store, "main");
}

/** Runs the ledger to its end, over two machines that are lost on the way with their disks. */
async function loseTwoMachines(
  ledger: Ledger,
  wordsOf: (machine: string, ...more: readonly string[]) => string[],
): Promise<void> {
  const records = drawRecords(new Random(7n));
  ledger.writeInput(records);
  await ledger.server.start();
  const expected = expectedLedger(records);
  const outputBytes = [...expected.accounts.values()]
    .flatMap(({ lines }) => lines)
    .reduce((bytes, line) => bytes + line.length + 1, 0);
  let shown: string[] = [];
  for (const [at, machine] of ["first", "second"].entries()) {
    ledger.words = wordsOf(machine);
    ledger.startNode();
    await ledger.untilOutput((outputBytes * (at + 1)) / 3);
    await ledger.killNode();
    shown = ledger.outputLines;
    rmSync(join(ledger.directory, machine), { recursive: true });
  }
  ledger.words = wordsOf("third", "--restore", "latest");
  ledger.startNode();
  await ledger.settled();
  const lines = ledger.outputLines;
  // What had left in the middle of the run has left once, with the same content.
  if (ledger.waitFor === "checkpoint") assert.deepEqual(lines.slice(0, shown.length), shown);
  for (const [account, entry] of expected.accounts) {
    const own = lines.filter((line) => line.startsWith(`${account} `));
    assert.deepEqual(own, entry.lines, account);
  }
  assert.equal(lines.length, records.length);
  const balance = JSON.parse((await ledger.state("total", "all", "balance")) ?? "null");
  assert.deepEqual(balance, expected.balance);
  assert.equal(await ledger.state("total", "all", "reminders"), `${expected.reminders}`);
}

for (const { name, open } of checkpointPlaces) {
  describe(`an application whose checkpoints are in ${name}`, function () {
    this.timeout(180_000);
    let folder = "";
    let place: CheckpointPlace;
    let ledger: Ledger | null = null;
    let nodes: StatewireProcess[] = [];

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "statewire-machines-"));
      place = await open(folder);
    });

    afterEach(async () => {
      await ledger?.stop();
      ledger = null;
      for (const node of nodes) await node.kill();
      nodes = [];
      rmSync(folder, { recursive: true });
    });

    const wordsOf = (machine: string, ...more: readonly string[]) => [
      ...["--data-dir", machine, "--checkpoint-store", place.url],
      ...["--checkpoint-interval-ms", "150", ...more],
    ];

    // One of each: a place and what an egress waits for have nothing to do with each other.
    const waitFor = name === "a local directory" ? "local" : "checkpoint";
    it(`comes to the same totals on a third machine, with an egress that waits for ${waitFor}`, async () => {
      ledger = new Ledger(folder);
      ledger.waitFor = waitFor;
      ledger.environment = place.environment;
      await loseTwoMachines(ledger, wordsOf);
    });

    it("goes on with the newer of two nodes; the older one stops, and shows nothing more", async () => {
      const module = "kind: statewire.grpc.v1/egress\nspec: {id: example/out}\n";
      const start = (machine: string): StatewireProcess => {
        const node = new StatewireProcess({
          module,
          directory: folder,
          words: wordsOf(machine),
          environment: place.environment,
        });
        nodes.push(node);
        return node;
      };
      const lineage = lineageOf(place);
      const older = start("older");
      await older.ready();
      const first = await lineage.latest();
      older.signal("SIGSTOP");
      const newer = start("newer");
      await newer.ready();
      const taken = await lineage.latest();
      assert.ok((taken?.number ?? 0) > (first?.number ?? 0));
      assert.notEqual(taken?.incarnation, first?.incarnation);
      older.signal("SIGCONT");
      assert.equal(await older.exitCode(), 3);
      assert.match(older.log, /another node has taken over the checkpoint lineage .*main/);
      const later = await lineage.latest();
      assert.equal(later?.incarnation, taken?.incarnation);
      // Its data directory is not part of the lineage any more: it is refused, and changes nothing.
      const again = start("older");
      assert.equal(await again.exitCode(), 3);
      assert.equal((await lineage.latest())?.incarnation, taken?.incarnation);
      newer.signal("SIGTERM");
      assert.equal(await newer.exitCode(), 0, newer.log);
    });
  });
}
