/*
 * Goal: a value of zero bytes is told from no value at all, whatever way it takes through the node.
 * Method: a node in a process; a function that tells what it got, once over gRPC and once over StateFun's
 * HTTP; values by the command line, HTTP and a file; records into a file.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  watch as watchFolder,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { egress, type FunctionServer, serve, state, statefulFunction, types } from "@statewire/sdk";
import { createNodeHandler } from "@statewire/sdk/http";
import { statewire } from "./support/command-line.js";
import { StatewireProcess } from "./support/statewire-process.js";

const seen = egress("test/seen");

/** Publishes the message as it came, then what its states held of the messages before. */
const watch = (typeName: string) =>
  statefulFunction(typeName, {
    states: { last: state(types.bytes("test/last")) },
    handle(ctx, message) {
      const before = ctx.state.last.get();
      ctx.egress(seen, message);
      ctx.egress(seen, { typename: "test/last", value: before });
      if (message.value === undefined) ctx.state.last.clear();
      else ctx.state.last.set(message.value);
    },
  });

describe("no value, and a value of zero bytes", () => {
  let directory: string;
  let grpcServer: FunctionServer;
  let httpServer: Server;
  let node: StatewireProcess;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-absent-"));
    grpcServer = await serve([watch("test/grpc")], { address: "127.0.0.1:0" });
    httpServer = createServer(createNodeHandler([watch("test/http")])).listen(0, "127.0.0.1");
    await once(httpServer, "listening");
    writeFileSync(join(directory, "in.csv"), "id,text,number\nfile,,0\n");
    node = new StatewireProcess({ module: module(), directory });
  });
  after(async () => {
    await node.kill();
    await grpcServer.close();
    httpServer.closeAllConnections();
    httpServer.close();
    rmSync(directory, { recursive: true });
  });

  const module = () => `kind: statewire.endpoints.v1/grpc
spec: {functions: test/grpc, address: "${grpcServer.address}"}
---
kind: io.statefun.endpoints.v2/http
spec:
  functions: test/http
  urlPathTemplate: http://127.0.0.1:${(httpServer.address() as AddressInfo).port}/
---
kind: statewire.file.v1/ingress
spec:
  id: test/in
  path: in.csv
  format: csv
  targets:
    - {function: test/grpc, id: "{id}", valueType: io.statefun.types/string, value: "{text}"}
    - {function: test/grpc, id: "{id}", valueType: io.statefun.types/int, value: "{number}"}
---
kind: statewire.file.v1/egress
spec: {id: test/seen, path: seen.ndjson}
`;
  /** Everything that was published, in order, as [typename, value]. */
  const published = (): [string, unknown][] => {
    const file = join(directory, "seen.ndjson");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => {
      const { typename, value } = JSON.parse(line);
      return [typename, value];
    });
  };
  const publishedOnce = async (count: number): Promise<[string, unknown][]> => {
    const changes = watchFolder(directory);
    try {
      let all = published();
      for (; all.length < count; all = published()) await once(changes, "change");
      return all.slice(count - 2);
    } finally {
      changes.close();
    }
  };

  it("come from a file as zero bytes, never as none", async () => {
    await node.ready();
    await publishedOnce(4);
    assert.deepEqual(published(), [
      ["io.statefun.types/string", ""],
      ["test/last", null],
      ["io.statefun.types/int", 0],
      ["test/last", ""],
    ]);
  });

  for (const type of ["grpc", "http"]) {
    it(`are told apart by the command line, HTTP, state and records, with functions over ${type}`, async () => {
      const { grpcAddress, httpAddress } = await node.ready();
      const target = `test/${type}/a`;
      const send = async (...words: string[]): Promise<void> => {
        const all = ["send", target, "--type", "a/b", "--grpc", grpcAddress, ...words];
        const { exitCode, stderr } = await statewire(all);
        assert.equal(exitCode, 0, stderr);
      };
      const post = async (headers: Record<string, string>): Promise<void> => {
        const response = await fetch(`http://${httpAddress}/v1/send/${target}`, {
          method: "POST",
          headers: { "content-type": "application/vnd.a/b", ...headers },
        });
        assert.equal(response.status, 202, await response.text());
      };
      let count = published().length;
      const next = (): Promise<[string, unknown][]> => {
        count += 2;
        return publishedOnce(count);
      };
      const none = ["a/b", null];
      const empty = ["a/b", ""];
      await send("--absent");
      assert.deepEqual(await next(), [none, ["test/last", null]]);
      await send("");
      assert.deepEqual(await next(), [empty, ["test/last", null]]);
      await post({ "statewire-value": "absent" });
      assert.deepEqual(await next(), [none, ["test/last", ""]]);
      await post({});
      assert.deepEqual(await next(), [empty, ["test/last", null]]);
      await send("");
      assert.deepEqual(await next(), [empty, ["test/last", ""]]);
      const listed = await statewire([
        "state",
        "list",
        `test/${type}`,
        "--json",
        "--grpc",
        grpcAddress,
      ]);
      assert.match(listed.stdout.toString(), /"name":"last","typename":"test\/last","value":""/);
    });
  }

  it("are one or the other on the command line", async () => {
    for (const words of [
      ["x", "--absent"],
      ["--absent", "--base64"],
      ["--absent", "--file", "x"],
    ]) {
      const { exitCode, stderr } = await statewire(["send", "test/grpc/a", ...words]);
      assert.equal(exitCode, 2, stderr);
    }
  });
});
