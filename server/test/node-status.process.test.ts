import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { AdminClient } from "@statewire/protos/statewire/v1/admin.js";
import { Failure } from "@statewire/protos/statewire/v1/stream.js";
import { ScriptedDialler, type ScriptedStream } from "./support/process-function-server.js";
import { LocalNode } from "./support/process-node.js";

// Goal: a node shows what keeps it from doing its work. Method: a whole node in this process, a
// function server that dials in and does what the test says.

const egress = `kind: statewire.grpc.v1/egress
spec: {id: example/out}
`;

describe("what a node shows of itself", () => {
  let directory = "";
  let node: LocalNode;
  const diallers: ScriptedDialler[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-status-"));
  });

  afterEach(async () => {
    await stop();
    rmSync(directory, { recursive: true });
  });

  async function start(module: string): Promise<void> {
    node = await LocalNode.start({ module, directory: join(directory, "data") });
  }

  async function stop(): Promise<void> {
    for (const dialler of diallers.splice(0)) dialler.abort();
    await node.stop();
  }

  async function attach(): Promise<ScriptedStream> {
    const dialler = new ScriptedDialler(node.node.grpcAddress);
    diallers.push(dialler);
    await dialler.stream.welcome("example/a");
    return dialler.stream;
  }

  async function readyz() {
    const response = await fetch(`http://${node.node.httpAddress}/readyz`);
    const body = (await response.json()) as Record<"ingresses" | "egresses", unknown>;
    return { status: response.status, ...body };
  }

  /** What a call is told that nobody answers in time. */
  async function timedOut(address: string): Promise<string> {
    const response = await fetch(`http://${node.node.httpAddress}/v1/call/${address}`, {
      method: "POST",
      headers: { "content-type": "text/plain", "statewire-timeout": "100" },
      body: "x",
    });
    assert.equal(response.status, 504);
    return ((await response.json()) as { message: string }).message;
  }

  async function metric(line: string): Promise<boolean> {
    const response = await fetch(`http://${node.node.httpAddress}/metrics`);
    return (await response.text()).includes(`${line}\n`);
  }

  it("a file ingress that cannot go on is seen by /readyz and metrics", async () => {
    const path = join(directory, "records");
    writeFileSync(path, "nonsense\n");
    await start(`kind: statewire.file.v1/ingress
spec:
  id: example/in
  path: ${path}
  format: ndjson
  targets: [{function: example/a, id: "{id}", valueType: example/record}]
`);
    await node.logged("file ingress failed");
    const { status, ingresses } = await readyz();
    assert.equal(status, 200);
    const [shown] = ingresses as { name: string; state: string; reason: string }[];
    assert.deepEqual([shown?.name, shown?.state], ["example/in", "failed"]);
    assert.match(shown?.reason ?? "", /line 1: not valid JSON/);
    assert.ok(await metric('statewire_ingress_state{ingress="example/in",state="failed"} 1'));
  });

  it("an egress that was removed takes nothing more, and is shown as long as it has records", async () => {
    await start(egress);
    let stream = await attach();
    await node.send("example/a/x", "1");
    const { invocationId } = await stream.invocation();
    const record = { egress: "example/out", typename: "example/text", value: Buffer.from("kept") };
    stream.results({ invocationId, egressRecords: [record] });
    const waits = 'statewire_egress_state{egress="example/out",state="waiting"} 1';
    while (!(await metric(waits)));
    await stop();

    await start(egress.replace("example/out", "example/other"));
    stream = await attach();
    const call = node.call("example/a/x", "2");
    const again = await stream.invocation();
    stream.results({ invocationId: again.invocationId, egressRecords: [record] });
    await assert.rejects(call, /\[EGRESS-1\] unknown egress example\/out; known: example\/other/);
    const reason = "the module does not name it any more; records kept for it: 1";
    assert.equal((await node.logged("egress removed"))["reason"], reason);
    assert.deepEqual((await readyz()).egresses, [
      { name: "example/other", state: "running" },
      { name: "example/out", state: "removed", reason },
    ]);
    await stop();

    await start(egress);
    while (!(await metric(waits)));
  });

  it("a call that ends without a reply says what it waits for", async () => {
    // Nothing listens at port 1.
    await start(`kind: statewire.endpoints.v1/grpc
spec: {functions: example/far, address: "127.0.0.1:1"}
`);
    await node.logged("endpoint backing-off");
    assert.match(
      await timedOut("example/far/x"),
      /^no reply within 100 ms \(no server serves example\/far now: 127\.0\.0\.1:1 is backing-off \(connect ECONNREFUSED 127\.0\.0\.1:1\)\); the message runs all the same$/,
    );

    const stream = await attach();
    await node.send("example/a/x", "fails");
    const { invocationId } = await stream.invocation();
    assert.match(
      await timedOut("example/a/x"),
      /1 message before it; its address is at 127\.0\.0\.1:\d+ for \d+ ms/,
    );
    const failure = { message: "no stock", retryable: true, retryAfterMs: 60_000 };
    stream.results({ invocationId, failure: Failure.create({ ...failure, code: 1 }) });
    while (!(await metric('statewire_function_in_flight_invocations{function="example/a"} 0')));
    assert.match(
      await timedOut("example/a/x"),
      /2 messages before it; its address is tried again in \d+ ms; 1 attempt failed, the last one: function: no stock/,
    );
  });

  it("the state of the empty id is listed, before and behind others", async () => {
    await start(egress);
    const dialler = new ScriptedDialler(node.node.grpcAddress);
    diallers.push(dialler);
    const { stream } = dialler;
    const states = [{ name: "count", typename: "example/count" }];
    await stream.welcomeWith({ functions: [{ typeName: "example/a", states }] });
    const call = Promise.all([node.call("example/a/", "1"), node.call("example/a/x", "1")]);
    const stateChanges = [{ state: 0, value: Buffer.from("1") }];
    const both = await stream.invocations(2);
    stream.results(...both.map(({ invocationId }) => ({ invocationId, stateChanges })));
    await call;
    const client = new AdminClient(node.node.grpcAddress, credentials.createInsecure());
    const ids = (afterId?: string) =>
      new Promise<string[]>((resolve, reject) => {
        const request = { namespace: "example", type: "a", afterId, limit: 10 };
        client.listState(request, (error, page) =>
          error ? reject(error) : resolve(page.addresses.map(({ id }) => id)),
        );
      });
    assert.deepEqual(await ids(), ["", "x"]);
    assert.deepEqual(await ids(""), ["x"]);
    client.close();
  });
});
