import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { Invocation } from "@statewire/protos/statewire/v1/stream.js";
import { Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { statewire } from "./support/command-line.js";
import { ScriptedServer, type ScriptedStream } from "./support/process-function-server.js";
import { LocalNode } from "./support/process-node.js";

// Goal: what cannot succeed is set aside, kept over a restart, and an operator decides about it; or it
// goes to an egress. Method: a real node with its store and sockets, the command line, and a function
// server that a test drives frame by frame.

interface Listed {
  readonly address: string;
  readonly code: string;
  readonly attempts: number;
  readonly waiting: number;
  readonly message: { readonly sequence: number; readonly value: unknown };
}

function texts({ inputs }: Invocation): string[] {
  return inputs.map(({ value }) => Buffer.from(value ?? []).toString());
}

describe("a node whose messages fail", () => {
  let directory = "";
  let node: LocalNode;
  let server: ScriptedServer;
  let stream: ScriptedStream;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-parked-"));
    server = await ScriptedServer.listen();
  });

  afterEach(async () => {
    server.close();
    await node.stop();
    rmSync(directory, { recursive: true });
  });

  async function start(retry = "attempts: 2"): Promise<void> {
    const module = `kind: statewire.endpoints.v1/grpc
spec:
  functions: example/*
  address: ${server.address}
  retry: {initialBackoff: 1 ms, maxBackoff: 20 ms, jitter: 0, ${retry}}
---
kind: statewire.file.v1/egress
spec: {id: example/failed, path: ${join(directory, "failed.ndjson")}}
`;
    const settings = { drainTimeoutMs: 100 };
    node = await LocalNode.start({ module, directory, settings });
    await connect();
  }

  async function connect(): Promise<void> {
    stream = await server.stream();
    await stream.welcome("example/a");
  }

  async function restart(): Promise<void> {
    await node.stop();
    await start();
  }

  function fail({ invocationId }: Invocation, fields: { retryable?: boolean } = {}): void {
    const failure = { code: Failure_Code.FUNCTION, message: "boom", retryable: true, ...fields };
    stream.results({ invocationId, failure: { ...failure, retryAfterMs: 0, completedInputs: 0 } });
  }

  function end({ invocationId }: Invocation): void {
    stream.results({ invocationId });
  }

  async function parked(...words: string[]): Promise<string> {
    const { grpcAddress } = node.node;
    const { exitCode, stdout, stderr } = await statewire([
      "parked",
      ...words,
      "--json",
      "--grpc",
      grpcAddress,
    ]);
    assert.equal(exitCode, 0, stderr);
    return stdout.toString();
  }

  async function listed(): Promise<Listed[]> {
    const lines = (await parked("list")).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Listed);
  }

  async function metric(name: string): Promise<number> {
    const response = await fetch(`http://${node.node.httpAddress}/metrics`);
    const line = (await response.text()).split("\n").find((text) => text.startsWith(`${name} `));
    return Number(line?.split(" ")[1]);
  }

  it("parks an address, keeps it over a restart, and tries again when an operator says so", async () => {
    await start();
    await node.send("example/a/x", "1");
    fail(await stream.invocation());
    const second = await stream.invocation();
    assert.equal(second.attempt, 1);
    await node.send("example/a/x", "2");
    fail(second);
    await node.logged("its address parked");
    await restart();
    const [address, ...others] = await listed();
    assert.equal(others.length, 0);
    assert.deepEqual(
      [address?.address, address?.code, address?.attempts, address?.waiting],
      ["example/a/x", "function", 2, 1],
    );
    assert.deepEqual(JSON.parse(await parked("show", "example/a/x")), address);
    assert.equal(await metric('statewire_function_parked_addresses{function="example/a"}'), 1);
    assert.equal(await parked("retry", "example/a/x"), '{"retried":1}\n');
    const third = await stream.invocation();
    assert.deepEqual([texts(third), third.attempt], [["1"], 0]);
    end(third);
    const fourth = await stream.invocation();
    assert.deepEqual(texts(fourth), ["2"]);
    end(fourth);
    assert.deepEqual(await listed(), []);
    assert.equal(await parked("retry", "--all"), '{"retried":0}\n');
  });

  it("drops the message that failed and goes on with the next, also after a restart", async () => {
    await start();
    await node.send("example/a/x", "1");
    await node.send("example/a/x", "2");
    fail(await stream.invocation(), { retryable: false });
    await node.logged("its address parked");
    const [address] = await listed();
    const dropped = await parked(
      "drop",
      "example/a/x",
      "--message",
      `${address?.message.sequence}`,
    );
    assert.equal((JSON.parse(dropped) as Listed).message.value, 1);
    await stream.invocation();
    await restart();
    const invocation = await stream.invocation();
    assert.deepEqual(texts(invocation), ["2"]);
    end(invocation);
    const again = await statewire([
      "parked",
      "drop",
      "example/a/x",
      "--grpc",
      node.node.grpcAddress,
    ]);
    assert.equal(again.exitCode, 1);
    assert.equal(again.stderr, "statewire: not found: example/a/x is not parked\n");
  });

  it("lists thousands in pages, folded or not, and lets all of a type go", async () => {
    await start();
    const ids = Array.from({ length: 250 }, (_, at) => `${at}`.padStart(4, "0"));
    await Promise.all(ids.map((id) => node.send(`example/a/${id}`, "poison")));
    for (const _ of ids) fail(await stream.invocation(), { retryable: false });
    await node.logged("its address parked");
    await restart();
    assert.deepEqual(
      (await parked("list", "--limit", "1000")).match(/example\/a\/\d+/g),
      ids.map((id) => `example/a/${id}`),
    );
    const page = await parked("list", "example/a", "--limit", "2", "--after", "example/a/0100");
    assert.deepEqual(page.match(/example\/a\/\d+/g), ["example/a/0101", "example/a/0102"]);
    assert.equal(await parked("retry", "--type", "example/a"), '{"retried":250}\n');
    const invocations = await stream.invocations(100);
    assert.deepEqual(texts(invocations[0] as Invocation), ["poison"]);
  });

  it("sends what is given up to an egress once, and tells who waits for the reply", async () => {
    await start("attempts: 2, whenExhausted: drop-to-egress, deadLetterEgress: example/failed");
    const call = node.call("example/a/x", "question");
    fail(await stream.invocation());
    fail(await stream.invocation());
    await assert.rejects(call, (error: ServiceError) => {
      assert.equal(error.code, status.FAILED_PRECONDITION);
      assert.match(error.details, /the function failed \(function\): boom/);
      return true;
    });
    await node.send("example/a/x", "next");
    const next = await stream.invocation();
    assert.deepEqual(texts(next), ["next"]);
    end(next);
    assert.equal(await metric('statewire_function_dead_letters_total{function="example/a"}'), 1);
    assert.deepEqual(await listed(), []);
    await restart();
    const lines = readFileSync(join(directory, "failed.ndjson"), "utf8").split("\n").slice(0, -1);
    assert.equal(lines.length, 1);
    const { typename, value } = JSON.parse(lines[0] ?? "") as { typename: string; value: object };
    assert.equal(typename, "statewire/DeadLetter");
    const {
      firstFailedAtMs: _first,
      lastFailedAtMs: _last,
      ...letter
    } = value as Record<string, unknown>;
    assert.deepEqual(letter, {
      function: "example/a",
      id: "x",
      caller: null,
      typename: "example/text",
      base64: Buffer.from("question").toString("base64"),
      code: "function",
      error: "boom",
      attempts: 2,
    });
  });

  it("runs what it kept with care when it has died again and again, and is done with that", async () => {
    await start();
    const starts = join(directory, "starts");
    assert.equal(readFileSync(starts, "utf8"), "1\n", "a start that is killed is counted");
    await node.send("example/a/x", "1");
    await stream.invocation();
    await node.stop();
    assert.equal(existsSync(starts), false, "one that ends in order is not");
    writeFileSync(starts, "3\n");
    await start();
    await node.logged("the node keeps dying");
    const invocation = await stream.invocation();
    assert.deepEqual([texts(invocation), invocation.attempt], [["1"], 0]);
    end(invocation);
    await restart();
    await node.send("example/a/x", "2");
    end(await stream.invocation());
    assert.equal(node.log.filter(({ msg }) => msg.includes("keeps dying")).length, 0);
  });

  it("gives up a message that takes down its stream again and again", async () => {
    await start("attempts: 3");
    await node.send("example/a/poison", "1");
    for (let losses = 0; losses < 10; losses++) {
      const invocation = await stream.invocation();
      assert.equal(invocation.attempt, 0);
      stream.cut();
      await connect();
    }
    const line = await node.logged("its address parked");
    assert.deepEqual([line["address"], line["code"]], ["example/a/poison", "streamLost"]);
    await node.send("example/a/fine", "2");
    end(await stream.invocation());
    assert.equal((await listed())[0]?.attempts, 10);
  });
});
