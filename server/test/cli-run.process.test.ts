import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serve, state, statefulFunction, types } from "@statewire/sdk";
import { statewire } from "./support/command-line.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: what a shell, an operator and a supervisor see of `statewire run`: its streams, its reaction
// to signals and its exit codes. Method: the real command in a process, real function servers.

const egress = "kind: statewire.grpc.v1/egress\nspec: {id: example/records}\n";

const program = fileURLToPath(new URL("../../bin/statewire.js", import.meta.url));

/** What one command prints, which has to end with exit code 0. */
async function printed(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words]);
  return stdout;
}

function endpoint(address: string): string {
  return `kind: statewire.endpoints.v1/grpc\nspec: {functions: example/*, address: "${address}"}\n`;
}

describe("statewire run", () => {
  const started: StatewireProcess[] = [];
  const directories: string[] = [];
  const temporaryDirectory = () => {
    const directory = mkdtempSync(join(tmpdir(), "statewire-run-"));
    directories.push(directory);
    return directory;
  };
  const start = (options: ConstructorParameters<typeof StatewireProcess>[0]) => {
    const node = new StatewireProcess(options);
    started.push(node);
    return node;
  };

  afterEach(async () => {
    await Promise.all(started.splice(0).map((node) => node.kill()));
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  });

  it("logs what listens and what the module holds, drains at SIGTERM and exits with 0", async () => {
    const directory = temporaryDirectory();
    const words = ["--checkpoint-store", "file:kept"];
    const node = start({ module: egress, directory, words });
    const { grpcAddress, httpAddress } = await node.ready();
    node.signal("SIGTERM");
    assert.equal(await node.exitCode(), 0, node.log);
    for (const message of [
      `gRPC API on ${grpcAddress}`,
      `HTTP on ${httpAddress}`,
      `data in ${directory}/.statewire`,
      `process ${node.pid}: SIGTERM stops it`,
      "egress example/records to subscribers (statewire.grpc.v1/egress)",
      `checkpoints in file:${directory}/kept`,
      "no endpoint: function servers have to dial in",
      "SIGTERM: draining",
      "stopped",
    ]) {
      assert.ok(node.messages.includes(message), `no ${message} in\n${node.log}`);
    }
  });

  it("serves every other verb", async () => {
    const counter = statefulFunction("example/counter", {
      states: { count: state(types.int) },
      accepts: types.int,
      replies: types.int,
      handle: (context, value) => {
        const count = (context.state.count.get() ?? 0) + value;
        context.state.count.set(count);
        context.reply(count);
      },
    });
    const server = await serve([counter], { address: "127.0.0.1:0" });
    const directory = temporaryDirectory();
    try {
      const node = start({
        module: endpoint(server.address ?? ""),
        directory,
      });
      const { grpcAddress } = await node.ready();
      const run = (...words: string[]) => printed(...words, "--grpc", grpcAddress);
      assert.equal(await run("send", "example/counter/c1", "5", "--int"), "accepted\n");
      assert.equal(await run("call", "example/counter/c1", "-2", "--int"), "3\n");
      assert.equal(await run("state", "get", "example/counter/c1", "count"), "3\n");
      assert.equal(
        await run("state", "list", "example/counter", "--json"),
        '{"id":"c1","states":[{"name":"count","typename":"io.statefun.types/int","value":3}]}\n',
      );
      assert.match(await run("inspect"), /\nexample\/counter /);
      assert.match(await run("inspect", "--json"), /"nodeId":/);
      assert.equal(await run("parked", "list", "--json"), "");
      assert.match(await run("checkpoint", "create", "--json"), /^{"number":/);
      const kept = `file:${join(directory, ".statewire/checkpoints")}`;
      assert.match(await printed("checkpoint", "list", "--checkpoint-store", kept), / checkpoint /);
      assert.match(await printed("checkpoint", "verify", "--checkpoint-store", kept), /good/);
      assert.match(await printed("validate", join(directory, "module.yaml")), /example\/\*/);
      const unknown = await statewire(["send", "example/other/c1", "x", "--grpc", grpcAddress]);
      assert.equal(unknown.exitCode, 1);
      assert.match(unknown.stderr, /^statewire: not found: .*example\/counter/);
    } finally {
      await server.close();
    }
  });

  it("ends at once at a second signal, though an invocation is in flight", async () => {
    let enter: () => void = () => undefined;
    const entered = new Promise<void>((resolve) => {
      enter = resolve;
    });
    let release: () => void = () => undefined;
    const stuck = statefulFunction("example/stuck", {
      accepts: types.string,
      handle: () => {
        enter();
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    const server = await serve([stuck], { address: "127.0.0.1:0", onEvent: () => undefined });
    try {
      const node = start({
        module: endpoint(server.address ?? ""),
        directory: temporaryDirectory(),
        words: ["--drain-timeout-ms", "1 hour"],
      });
      const { grpcAddress } = await node.ready();
      await statewire(["send", "example/stuck/1", "x", "--grpc", grpcAddress]);
      await entered;
      node.signal("SIGINT");
      await node.logged("SIGINT: draining");
      node.signal("SIGINT");
      assert.equal(await node.exitCode(), 1, node.log);
      assert.equal(node.messages.at(-1), "SIGINT again: ending at once");
    } finally {
      release();
      await server.close();
    }
  });

  it("exits with 1 and one message when the data directory is in use", async () => {
    const directory = temporaryDirectory();
    const first = start({ module: egress, directory });
    await first.ready();
    const second = start({ module: egress, directory });
    assert.equal(await second.exitCode(), 1, second.log);
    const [message, ...others] = second.messages.filter((text) => text.includes(directory));
    assert.match(message ?? "", new RegExp(`in use by process ${first.pid}: .*--data-dir`));
    assert.deepEqual(others, []);
    assert.equal(second.log.includes(" at "), false, second.log);
  });

  it("exits with 1 and names the setting when the data directory is a file", async () => {
    const directory = temporaryDirectory();
    for (const path of ["module.yaml", "module.yaml/data"]) {
      const node = start({ module: egress, directory, words: ["--data-dir", path] });
      assert.equal(await node.exitCode(), 1, node.log);
      assert.deepEqual(node.messages, [
        `cannot create data directory ${join(directory, path)} (dataDir, --data-dir): ` +
          "a part of this path is a file",
      ]);
    }
  });

  it("exits with 1 and names the address when it cannot listen there", async () => {
    const first = start({ module: egress, directory: temporaryDirectory() });
    const { grpcAddress } = await first.ready();
    const second = start({
      module: egress,
      directory: temporaryDirectory(),
      words: ["--grpc", grpcAddress],
    });
    assert.equal(await second.exitCode(), 1, second.log);
    assert.ok(second.messages.at(-1)?.includes(grpcAddress), second.log);
  });

  it("leaves the file of an egress as it is when it cannot listen", async () => {
    const first = start({ module: egress, directory: temporaryDirectory() });
    const { grpcAddress } = await first.ready();
    const directory = temporaryDirectory();
    const path = join(directory, "events.ndjson");
    writeFileSync(path, "of a node that runs");
    const module = `kind: statewire.file.v1/egress\nspec:\n  id: t/events\n  path: ${path}\n`;
    const second = start({ module, directory, words: ["--grpc", grpcAddress] });
    assert.equal(await second.exitCode(), 1, second.log);
    assert.equal(readFileSync(path, "utf8"), "of a node that runs");
  });

  it("exits with 2 and starts nothing when a setting is wrong", async () => {
    const node = start({
      module: egress,
      directory: temporaryDirectory(),
      words: ["--batch-max", "0"],
    });
    assert.equal(await node.exitCode(), 2);
    assert.deepEqual(node.messages, [
      '--batch-max: batchMax is "0": expected a whole number from 1 to 100000',
    ]);
  });
});
