/*
 * Goal: functions and their Fetch handler run where there is no Node. Method: they are bundled as for
 * an edge runtime, which fails for any import of Node, and run in a context that has the web's globals
 * and no others.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import * as wire from "./support/statefun-bytes.js";

const source = `
import { egress, statefulFunction, state, types } from "@statewire/sdk/functions";
import { createFetchHandler } from "@statewire/sdk/http";

const log = egress("out/log", types.json("out/line"));
const counter = statefulFunction("shop/counter", {
  states: { count: state(types.long), name: state(types.string), mean: state(types.double) },
  accepts: types.string,
  handle(ctx, text) {
    ctx.state.count.set((ctx.state.count.get() ?? 0n) + 1n);
    ctx.state.name.set(text);
    ctx.state.mean.set(1.5);
    ctx.egress(log, { text, globals: [typeof Buffer, typeof process] });
  },
});
globalThis.handler = createFetchHandler([counter]);
`;

async function bundle(): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: dirname(fileURLToPath(import.meta.url)) },
    bundle: true,
    platform: "neutral",
    mainFields: [],
    format: "iife",
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}

interface EdgeGlobals {
  [name: string]: unknown;
  handler?: (request: Request) => Promise<Response>;
}

const webGlobals: EdgeGlobals = {
  AbortController,
  atob,
  btoa,
  console,
  performance,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  Uint8Array,
};

describe("the SDK on an edge runtime", () => {
  it("serves functions without anything of Node", async () => {
    const script = new Script(await bundle());
    const globals = { ...webGlobals };
    script.runInContext(createContext(globals));
    const text = wire.typedValue("io.statefun.types/string", "\n\x03\u00e9x");
    const long = wire.typedValue(
      "io.statefun.types/long",
      Buffer.from("090700000000000000", "hex"),
    );
    const body = wire.request(
      wire.address("shop", "counter", "a"),
      wire.state("count", long),
      wire.state("name"),
      wire.state("mean"),
      wire.input(text),
    );
    const request = new Request("https://edge.example/", { method: "POST", body });
    const response = await globals.handler?.(request);
    assert.equal(response?.status, 200);
    const modified = (name: string, value: Buffer): Buffer =>
      wire.field(1, wire.numeric(1, 1), wire.field(2, name), wire.field(3, value));
    const line = '{"text":"\u00e9x","globals":["undefined","undefined"]}';
    assert.deepEqual(
      Buffer.from(await response.arrayBuffer()).toString("hex"),
      wire
        .effects(
          modified(
            "count",
            wire.typedValue("io.statefun.types/long", Buffer.from("090800000000000000", "hex")),
          ),
          modified("name", text),
          modified(
            "mean",
            wire.typedValue("io.statefun.types/double", Buffer.from("09000000000000f83f", "hex")),
          ),
          wire.field(
            4,
            wire.field(1, "out"),
            wire.field(2, "log"),
            wire.field(3, wire.typedValue("out/line", line)),
          ),
        )
        .toString("hex"),
    );
  });

  it("has all names of the main entry but those that serve by gRPC", async () => {
    const [all, portable] = await Promise.all([
      import("@statewire/sdk"),
      import("@statewire/sdk/functions"),
    ]);
    const more = Object.keys(all).filter((name) => !(name in portable));
    assert.deepEqual(more.sort(), ["formatServeEvent", "serve"]);
    assert.deepEqual(
      Object.keys(portable).filter((name) => !(name in all)),
      [],
    );
  });
});
