import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { FunctionServer } from "../src/subject/function-server.js";
import { Trace } from "../src/wire/trace.js";

const kit = fileURLToPath(new URL("../../bin/statewire-conformance.js", import.meta.url));
const subject = fileURLToPath(new URL("../../subjects/sdk-ts/run.sh", import.meta.url));
const limits = {
  frame_bytes_max: 4000,
  value_bytes_max: 1000,
  id_bytes_max: 100,
  effects_max: 10,
  result_credit_bytes: 1000,
};

/** Runs the command between the kit's hand and a correct server; `talk` is what the runtime says. */
async function watch(
  flags: readonly string[],
  frames: readonly object[],
): Promise<{ readonly lines: readonly string[]; readonly code: number | null }> {
  const server = await FunctionServer.start([subject]);
  const { FORCE_COLOR: _, ...env } = process.env;
  const words = [kit, "proxy", "--target", server.address, ...flags];
  const proxy = spawn(process.execPath, words, { env });
  const exit = once(proxy, "exit");
  const lines: string[] = [];
  createInterface({ input: proxy.stdout }).on("line", (line) => lines.push(line));
  const [listening] = (await once(createInterface({ input: proxy.stderr }), "line")) as [string];
  const address = /listening on (\S+),/.exec(listening)?.[1] ?? "";
  const front = new FunctionServer(address, server.process);
  try {
    const stream = front.open("stream", new Trace());
    await stream.send({ hello: { versions: [1], limits } });
    assert.ok(await stream.events.takeWithin(30_000, ({ kind }) => kind === "welcome"));
    for (const frame of frames) await stream.send(frame as never);
    stream.halfClose();
    assert.ok(await stream.events.takeWithin(30_000, ({ kind }) => kind === "end"));
  } finally {
    front.disconnect();
    proxy.kill("SIGTERM");
    await server.stop();
  }
  const [code] = (await exit) as [number | null];
  return { lines, code };
}

const invocation = (id: number) => ({
  invocations: {
    invocations: [
      {
        invocation_id: id,
        type: 1,
        id: "ann",
        inputs: [{ typename: "conformance/commands", value: Buffer.from("[]") }],
      },
    ],
  },
});

describe("statewire-conformance proxy", () => {
  it("prints a correct conversation, and ends with 0", async function () {
    this.timeout(60_000);
    const { lines, code } = await watch([], [invocation(1)]);
    const text = lines.join("\n");
    assert.equal(code, 0, text);
    for (const part of [
      /#1 +-- +opened/,
      /runtime -> Hello {2}versions \[1\]/,
      /server {2}<- Welcome {2}version 1, table \[conformance\/interpreter/,
      /runtime -> InvocationBatch {2}#1 type 1 "ann" \(1 inputs, no states\)/,
      /server {2}<- ResultBatch {2}#1 \(nothing\)/,
      /ended with OK/,
    ])
      assert.match(text, part);
    assert.doesNotMatch(text, /breaks|\[\]"/);
  });

  it("says which side breaks which clause, as JSON, and ends with 1", async function () {
    this.timeout(60_000);
    const { lines, code } = await watch(["--json", "--violations"], [invocation(0)]);
    assert.equal(code, 1, lines.join("\n"));
    const [violation] = lines.map((line) => JSON.parse(line) as { [name: string]: unknown });
    assert.equal(violation?.["side"], "runtime");
    assert.equal(violation?.["clause"], "INVOKE-3");
    assert.match(String(violation?.["text"]), /`invocation_id` MUST be 1 or more/);
  });
});
