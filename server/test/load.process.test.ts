import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AnyStatefulFunction,
  type FunctionServer,
  serve,
  state,
  statefulFunction,
  types,
} from "@statewire/sdk";
import type { Settings } from "../src/settings.js";
import { LocalNode } from "./support/process-node.js";

// Goal: load on one address is the load of one address, and whatever functions send to one another is
// taken. Method: a real node and a real function server in this process, so that the test decides when
// a handler goes on.

const text = types.json<string>("example/text");
const count = types.json<number>("example/count");

describe("a node under load", () => {
  let directory = "";
  let server: FunctionServer;
  let node: LocalNode;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-load-"));
  });

  afterEach(async () => {
    await node.stop();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  async function start(
    functions: readonly AnyStatefulFunction[],
    settings: Partial<Settings> = {},
  ): Promise<void> {
    server = await serve(functions, { address: "127.0.0.1:0", onEvent: () => undefined });
    const module = `kind: statewire.endpoints.v1/grpc
spec: {functions: example/*, address: "${server.address}"}
`;
    node = await LocalNode.start({ module, directory, settings });
  }

  it("slows nobody down because of one slow address", async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const member = statefulFunction("example/member", {
      accepts: text,
      replies: text,
      async handle(ctx, word) {
        if (ctx.self.id === "slow") await gate;
        ctx.reply(word);
      },
    });
    await start([member]);
    const slow = Array.from({ length: 100 }, () => node.call("example/member/slow", '"x"'));
    for (let round = 0; round < 10; round++) {
      const calls = Array.from({ length: 200 }, (_, at) =>
        node.call(`example/member/${at}`, `"${round}"`),
      );
      assert.deepEqual(new Set(await Promise.all(calls)), new Set([`"${round}"`]));
    }
    letGo();
    assert.equal((await Promise.all(slow)).length, 100);
  }).timeout(60_000);

  it("works off a flood for one address, in order", async () => {
    const floodSize = 10_000;
    const sources = 10;
    const seen = new Map<string, number>();
    let arrived: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const hot = statefulFunction("example/hot", {
      states: { count: state(count) },
      accepts: count,
      handle(ctx, number) {
        const total = (ctx.state.count.get() ?? 0) + 1;
        ctx.state.count.set(total);
        const source = ctx.caller?.id ?? "";
        assert.equal(number, (seen.get(source) ?? -1) + 1);
        seen.set(source, number);
        if (total === sources * floodSize) arrived();
      },
    });
    const source = statefulFunction("example/source", {
      accepts: text,
      handle(ctx) {
        for (let number = 0; number < floodSize; number++) {
          ctx.send(hot.at("one"), number);
        }
      },
    });
    await start([hot, source]);
    for (let at = 0; at < sources; at++) await node.send(`example/source/${at}`, '"go"');
    await all;
    assert.equal(seen.size, sources);
  }).timeout(120_000);

  it("sends one message on to 100,000 addresses", async () => {
    const fanOut = 100_000;
    const seen = new Set<string>();
    let arrived: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const leaf = statefulFunction("example/leaf", {
      accepts: text,
      handle(ctx) {
        assert.ok(!seen.has(ctx.self.id), `${ctx.self.id} gets it once`);
        seen.add(ctx.self.id);
        if (seen.size === fanOut) arrived();
      },
    });
    const root = statefulFunction("example/root", {
      accepts: text,
      handle(ctx, word) {
        for (let at = 0; at < fanOut; at++) ctx.send(leaf.at(`leaf-${at}`), word);
      },
    });
    await start([leaf, root], { effectsMax: fanOut, frameBytesMax: 64 * 1024 * 1024 });
    await node.send("example/root/one", '"go"');
    await all;
    assert.equal(seen.size, fanOut);
  }).timeout(120_000);
});
