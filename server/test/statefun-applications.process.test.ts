import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { topicEgressId } from "../src/module/statefun/playground.js";
import { isIdle, settledNode } from "./support/settled-node.js";
import { StatefunApp, statefunApplications } from "./support/statefun-app.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: the applications that StateFun's documentation shows answer over the playground's kinds as it
// says, and go on so after kill -9 of both sides. Method: the official JavaScript SDK, real processes, HTTP.

describe("applications on StateFun's SDK and playground", () => {
  let directory: string;
  let app: StatefunApp;
  let node: StatewireProcess;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-applications-"));
    app = new StatefunApp(statefunApplications);
    await app.start();
    start();
  });

  afterEach(async () => {
    await Promise.all([node.kill(), app.kill()]);
    rmSync(directory, { recursive: true });
  });

  function start(): void {
    const endpoint = (namespace: string) => `kind: io.statefun.endpoints.v2/http
spec: {functions: ${namespace}/*, urlPathTemplate: "http://functions:8000/statefun"}
---
`;
    const module = `${["example", "shop", "graph"].map(endpoint).join("")}kind: io.statefun.playground.v1/ingress
spec: {port: 0}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [greetings, baskets, receipts, components]}
`;
    const words = ["--resolve", `functions=127.0.0.1:${app.port}`];
    node = new StatewireProcess({ module, directory, words });
  }

  async function put(path: string, type: string, body: unknown): Promise<void> {
    const { playground } = await node.ready();
    const response = await fetch(`http://${playground["ingress"]}/${path}`, {
      method: "PUT",
      headers: { "content-type": `application/vnd.${type}` },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.text());
  }

  /** Everything that a topic has, once nothing is left to do. */
  async function take(topic: string): Promise<string[]> {
    const { grpcAddress, playground } = await node.ready();
    const payloads: string[] = [];
    for (;;) {
      const { egresses } = await settledNode(grpcAddress, isIdle);
      const { sequenceLast, sequenceAcknowledged } =
        egresses.find(({ name }) => name === topicEgressId(topic)) ?? assert.fail(topic);
      const response = await fetch(`http://${playground["egress"]}/${topic}`);
      const text = await response.text();
      if (response.status === 200) payloads.push(text);
      // What a function has sent can be taken when its epoch is durable.
      else if (sequenceLast === sequenceAcknowledged) return payloads;
    }
  }

  async function killBoth(): Promise<void> {
    await Promise.all([node.kill(), app.kill()]);
    await app.start();
    start();
  }

  it("greet with a count", async () => {
    const greet = () => put("example/person/Ann", "example/GreetRequest", { name: "Ann" });
    await greet();
    await greet();
    assert.deepEqual(await take("greetings"), ["Ann, visit 1", "Ann, visit 2"]);
    await killBoth();
    await greet();
    // What was taken just before the blow may be there again.
    assert.equal((await take("greetings")).at(-1), "Ann, visit 3");
  });

  it("fill a cart from the stock, and check out", async () => {
    await put("shop/stock/socks", "shop/Restock", { quantity: 50 });
    await put("shop/cart/1", "shop/Add", { item: "socks", quantity: 3 });
    assert.deepEqual(await take("baskets"), ["1 has 3 socks"]);
    await killBoth();
    await put("shop/cart/2", "shop/Add", { item: "socks", quantity: 48 });
    assert.equal((await take("baskets")).at(-1), "2 has 0 socks");
    await put("shop/cart/2", "shop/Add", { item: "socks", quantity: 47 });
    assert.deepEqual(await take("baskets"), ["2 has 47 socks"]);
    for (const cart of [1, 2, 2]) await put(`shop/cart/${cart}`, "shop/Checkout", {});
    assert.deepEqual((await take("receipts")).sort(), [
      "1 bought socks: 3",
      "2 bought ",
      "2 bought socks: 47",
    ]);
  });

  it("find the components of a graph by messages that go round", async () => {
    const edges = { 1: [2, 3], 2: [1, 4], 3: [1], 4: [2], 7: [8], 8: [7] };
    const components = new Map<string, string>();
    for (const [vertex, neighbours] of Object.entries(edges)) {
      await put(`graph/vertex/${vertex}`, "graph/Vertex", { neighbours });
      if (vertex === "3") {
        await take("components");
        await killBoth();
      }
    }
    for (const line of await take("components")) {
      const [vertex = "", component = ""] = line.split(" ");
      components.set(vertex, component);
    }
    assert.equal(components.get("4"), "1");
    assert.equal(components.get("8"), "7");
  });
});
