/*
 * Goal: what functions of StateFun's official SDK publish is seen here: records for Kafka and Kinesis by
 * their fields in files and webhooks, records for the playground by GET. Method: that SDK, from npm,
 * behind node:http; a node in a process; real files, sockets and requests.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import statefunSdk, { type Context } from "apache-flink-statefun";
import { StatewireProcess } from "./support/statewire-process.js";

const { StateFun, egressMessageBuilder, kafkaEgressMessage, kinesisEgressMessage } = statefunSdk;

const order = StateFun.jsonType<{ id: number }>("shop/order");
const playgroundRecord = StateFun.jsonType("io.statefun.playground/EgressRecord");

/** Publishes everywhere; the last record says that the others are on their way. */
async function publish(context: Context): Promise<void> {
  for (const typename of ["test/file", "test/hook"]) {
    context.send(kafkaEgressMessage({ typename, topic: "t", key: "k", value: "hello" }));
    context.send(
      kafkaEgressMessage({ typename, topic: "t", value: { id: 7 }, valueType: order, key: "" }),
    );
    context.send(kafkaEgressMessage({ typename, topic: "t", key: "k", value: 258 }));
    context.send(
      kinesisEgressMessage({
        typename,
        stream: "s",
        partitionKey: "p",
        hashKey: "42",
        value: "hi",
      }),
    );
  }
  const typename = "io.statefun.playground/egress";
  const value = { topic: "done", payload: `${context.self.typename} ${context.self.id}` };
  context.send(egressMessageBuilder({ typename, value, valueType: playgroundRecord }));
}

const shown = [
  { topic: "t", key: "k", value: "hello" },
  { topic: "t", key: null, value: { id: 7 } },
  { topic: "t", key: "k", base64: "AAABAg==" },
  { stream: "s", partitionKey: "p", explicitHashKey: "42", value: "hi" },
];

describe("records of StateFun's official SDK for JavaScript", () => {
  const servers: Server[] = [];
  const bodies: unknown[] = [];
  let directory: string;
  let node: StatewireProcess;

  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-statefun-egress-"));
    const statefun = new StateFun();
    statefun.bind({ typename: "test/publisher", fn: publish, specs: [] });
    const functions = await listen(createServer(statefun.handler()));
    const hook = createServer(async (request, response) => {
      bodies.push(JSON.parse(await text(request)));
      response.end();
      hook.emit("received");
    });
    const hookPort = await listen(hook);
    const module = `kind: io.statefun.endpoints.v2/http
spec: {functions: test/*, urlPathTemplate: "http://functions:${functions}/statefun"}
---
kind: io.statefun.playground.v1/ingress
spec: {port: 0}
---
kind: io.statefun.playground.v1/egress
spec: {port: 0, topics: [done]}
---
kind: statewire.file.v1/egress
spec: {id: test/file, path: out.ndjson}
---
kind: statewire.http.v1/egress
spec: {id: test/hook, url: "http://127.0.0.1:${hookPort}/"}
`;
    const words = ["--resolve", "functions=127.0.0.1"];
    node = new StatewireProcess({ module, directory, words });
  });
  after(async () => {
    await node.kill();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(directory, { recursive: true });
  });

  it("are shown by their fields, and handed out by the playground", async () => {
    const { playground } = await node.ready();
    const sent = await fetch(`http://${playground["ingress"]}/test/publisher/x`, {
      method: "PUT",
      headers: { "content-type": "application/vnd.test/go" },
      body: "{}",
    });
    assert.equal(sent.status, 200, await sent.text());
    let payload = "";
    while (payload === "") {
      payload = await (await fetch(`http://${playground["egress"]}/done`)).text();
    }
    assert.equal(payload, "test/publisher x");
    const [, hook] = servers;
    assert.ok(hook !== undefined);
    while (bodies.length < shown.length) await once(hook, "received");
    assert.deepEqual(bodies, shown);
    node.signal("SIGTERM");
    assert.equal(await node.exitCode(), 0, node.log);
    const lines = readFileSync(join(directory, "out.ndjson"), "utf8").trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      shown.map((value, index) => ({
        sequence: index + 1,
        typename: `type.googleapis.com/io.statefun.sdk.egress.${index < 3 ? "KafkaProducerRecord" : "KinesisEgressRecord"}`,
        value,
      })),
    );
  });
});
