import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { ServerOptions } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { RequestReplyNode } from "./support/request-reply-node.js";
import { RequestReplyServer } from "./support/request-reply-server.js";

// Goal: how requests travel: what is tried again and when it ends, connections, sockets, TLS. Method: a
// real node, real HTTP servers, certificates of a test authority.

const tlsFolder = fileURLToPath(new URL("../../../sdk-ts/test/tls/", import.meta.url));
const pem = (name: string) => readFileSync(join(tlsFolder, name), "utf8");
const octets = { "content-type": "application/octet-stream" };
const success = Buffer.from("a20600", "hex");

describe("the transport of an HTTP endpoint", () => {
  let at: RequestReplyNode;
  const others: RequestReplyServer[] = [];

  beforeEach(() => {
    at = new RequestReplyNode();
  });

  afterEach(async () => {
    await at.stop();
    for (const other of others.splice(0)) await other.close();
  });

  async function listen(...options: Parameters<typeof RequestReplyServer.listen>) {
    const server = await RequestReplyServer.listen(...options);
    others.push(server);
    return server;
  }

  it("uses a connection again, and opens no more than pool_size of a function type", async () => {
    await at.start(["transport: {pool_size: 2}"]);
    for (let count = 0; count < 5; count++) {
      await at.node.send("example/a/x", "hi");
      (await at.next()).respond();
    }
    assert.equal(at.server.connections, 1);
    for (const id of ["p", "q", "r"]) await at.node.send(`example/a/${id}`, "hi");
    const first = await at.next();
    const second = await at.next();
    await at.node.send("example/b/x", "another type has connections of its own");
    first.respond();
    const third = await at.next();
    assert.equal(at.server.connections <= 3, true);
    third.respond();
    second.respond();
    (await at.next()).respond();
  });

  it("lets go of a connection that is as old as pool_ttl", async () => {
    await at.start(["transport: {pool_ttl: 1 ms}"]);
    for (let count = 0; count < 3; count++) {
      await at.node.send("example/a/x", "hi");
      const request = await at.next();
      const until = Date.now() + 5;
      while (Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
      request.respond();
    }
    assert.equal(at.server.connections > 1, true);
  });

  it("waits for a server that is away, says so once, and counts no attempt", async () => {
    await at.start();
    const { port } = at.server;
    await at.server.close();
    await at.node.send("example/a/x", "hi");
    const away = await at.node.logged("endpoint backing-off");
    assert.equal(away["reason"], `connect ECONNREFUSED 127.0.0.1:${port}`);
    at.server = await RequestReplyServer.listen({ port });
    (await at.next()).respond();
    await at.node.logged("endpoint ready", 2);
    const changes = at.node.log.filter(({ msg }) => msg.startsWith("endpoint"));
    assert.deepEqual(
      changes.map(({ msg }) => msg),
      ["endpoint ready", "endpoint backing-off", "endpoint ready"],
    );
    assert.ok(!at.node.log.some(({ msg }) => msg.includes("failed")), "no message has failed");
  });

  it("keeps a message for a server that is away for longer than a call may take", async () => {
    await at.start(["transport: {call: 30 ms}"]);
    const { port } = at.server;
    await at.server.close();
    await at.node.send("example/a/x", "hi");
    const failed = await at.node.logged("message failed, and is tried again");
    assert.equal(failed["code"], "overloaded");
    assert.match(String(failed["reason"]), /ECONNREFUSED|no connection/);
    at.server = await RequestReplyServer.listen({ port });
    (await at.next()).respond();
  });

  it("sends the same batch again when the connection breaks, before or within the answer", async () => {
    await at.start();
    await at.node.send("example/a/x", "hi");
    const first = await at.next();
    first.cut();
    const second = await at.next();
    assert.deepEqual(second.body, first.body);
    second.cut(3);
    const third = await at.next();
    assert.deepEqual(third.body, first.body);
    third.respond();
  });

  it("ends a call that takes longer than it may, and parks its address after the attempts", async () => {
    await at.start(["transport: {call: 30 ms}"]);
    await at.node.send("example/a/x", "hangs");
    assert.match(await at.parked(), /example\/a\/x: timeout: .*no answer within 30 ms/);
    await at.node.send("example/a/y", "free");
    for (;;) {
      const request = await at.next();
      if (request.target === "example/a/x") continue;
      request.respond();
      break;
    }
  });

  it("async: tries every status again within the call", async () => {
    await at.start();
    await at.node.send("example/a/x", "hi");
    for (const status of [302, 400, 404, 429, 500, 503]) {
      (await at.next()).send(success, { status, headers: { ...octets, location: "/" } });
    }
    (await at.next()).respond();
    assert.ok(!at.node.log.some(({ msg }) => msg.includes("failed")), "no message has failed");
  });

  it("okhttp: tries again what may pass, and gives up the rest", async () => {
    await at.start(["transport: {type: io.statefun.transports.v1/okhttp}"]);
    await at.node.send("example/a/x", "hi");
    for (const status of [408, 409, 420, 429, 499, 500, 503]) {
      (await at.next()).send(success, { status, headers: octets });
    }
    (await at.next()).respond();
    assert.ok(!at.node.log.some(({ msg }) => msg.includes("failed")), "no message has failed");
    for (const [nth, status] of [302, 400, 404].entries()) {
      await at.node.send(`example/status-${status}/x`, "hi");
      for (let attempt = 0; attempt < 2; attempt++) (await at.next()).send(success, { status });
      assert.match(await at.parked(nth + 1), new RegExp(`function: .*answer ${status} `));
    }
  });

  it("okhttp: an answer that stands still for longer than read is another attempt", async () => {
    const timeouts = "{call: 1 min, read: 1 ms, write: 1 ms, connect: 1 sec}";
    await at.start([`transport: {type: io.statefun.transports.v1/okhttp, timeouts: ${timeouts}}`]);
    await at.node.send("example/a/x", "hi");
    await at.next();
    const second = await at.next();
    second.respond();
  });

  it("has the time-outs of version 1 in its spec", async () => {
    await at.start([], {});
    await at.node.stop();
    at.kind = "io.statefun.endpoints.v1/http";
    at.spec = ["timeouts: {call: 30 ms, connect: 10 ms, read: 20 ms, write: 20 ms}"];
    await at.startNode();
    await at.node.send("example/a/x", "hangs");
    assert.match(await at.parked(), /example\/a\/x: (timeout|streamLost): /);
  });

  it("unpacks answers, and asks for them", async () => {
    await at.start();
    await at.node.send("example/a/x", "hi");
    const request = await at.next();
    assert.equal(request.headers["accept-encoding"], "gzip, deflate");
    request.send(gzipSync(success), { headers: { ...octets, "content-encoding": "gzip" } });
    await at.node.send("example/a/x", "after");
    const after = await at.next();
    assert.deepEqual(after.texts, ["after"]);
    after.respond();
  });

  it("sends no more than payload_max_bytes, and a batch that is too large in parts", async () => {
    await at.start(["transport: {payload_max_bytes: 150}"]);
    const large = "x".repeat(60);
    await at.node.send("example/a/x", "0");
    const blocking = await at.next();
    await at.node.send("example/a/x", large);
    await at.node.send("example/a/x", large);
    blocking.respond();
    for (let count = 0; count < 2; count++) {
      const alone = await at.next();
      assert.deepEqual(alone.texts, [large]);
      alone.respond();
    }
    await at.node.send("example/a/y", "x".repeat(200));
    assert.match(
      await at.parked(),
      /example\/a\/y: function: request of 2\d\d bytes exceeds payload_max_bytes 150/,
    );
  });

  it("takes no more than payload_max_bytes", async () => {
    await at.start(["transport: {call: 1 sec, payload_max_bytes: 150}"]);
    at.server.serve((request) => request.send(Buffer.alloc(151)));
    await at.node.send("example/a/x", "1");
    assert.match(
      await at.parked(),
      /example\/a\/x: protocolError: .*answer of more than payload_max_bytes 150/,
    );
  });

  it("puts the type's name where the URL says {function.name}", async () => {
    at.path = "/{function.name}/at?f={function.name}";
    await at.start();
    await at.node.send("example/greeter/x", "hi");
    const request = await at.next();
    assert.equal(request.path, "/greeter/at?f=greeter");
    request.respond();
  });

  it("says of each URL once that it is away, and serves the others", async () => {
    const server = await listen();
    at.url = `http://{function.name}:${server.port}/functions`;
    await at.start();
    // Another address of this machine, at which nobody listens.
    await at.node.send("example/127.0.0.2/x", "waits");
    await at.node.logged("endpoint backing-off");
    for (let count = 0; count < 3; count++) {
      await at.node.send("example/127.0.0.1/x", "hi");
      (await server.next()).respond();
    }
    const lines = at.node.log.filter(({ msg }) => msg.startsWith("endpoint"));
    assert.deepEqual(
      lines.map(({ msg, endpoint }) => [msg, endpoint]),
      [
        ["endpoint ready", at.url],
        ["endpoint backing-off", `http://127.0.0.2:${server.port}/functions`],
      ],
    );
  });

  it("prefers the endpoint of an exact type to that of its namespace", async () => {
    const exact = await listen();
    at.more = `---
kind: io.statefun.endpoints.v2/http
spec: {functions: example/special, urlPathTemplate: "${exact.url}"}
`;
    await at.start();
    for (const id of ["a", "b", "c", "d"]) await at.node.send(`example/special/${id}`, "hi");
    await at.node.send("example/other/a", "hi");
    for (let count = 0; count < 4; count++) {
      const request = await exact.next();
      assert.match(request.target, /^example\/special\//);
      request.respond();
    }
    const other = await at.next();
    assert.equal(other.target, "example/other/a");
    other.respond();
  });

  it("speaks over a UNIX domain socket", async () => {
    const socketPath = join(at.directory, "functions.sock");
    const server = await listen({ socketPath });
    at.url = `http+unix://${socketPath}/some/path`;
    await at.start();
    await at.node.send("example/a/x", "hi");
    const request = await server.next();
    assert.equal(request.path, "/some/path");
    request.respond();
  });

  describe("over TLS", () => {
    const tls: ServerOptions = {
      cert: pem("server-certificate.pem"),
      key: pem("server-key.pem"),
    };
    const trust = `trust_cacerts: ${tlsFolder}authority-certificate.pem`;

    it("trusts the authorities of trust_cacerts", async () => {
      const server = await listen({ tls });
      at.url = server.url;
      await at.start([`transport: {${trust}}`]);
      await at.node.send("example/a/x", "hi");
      (await server.next()).respond();
    });

    it("shows a client certificate, whose key has its password in a file", async () => {
      const server = await listen({
        tls: { ...tls, ca: pem("authority-certificate.pem"), requestCert: true },
      });
      const key = createPrivateKey(pem("runtime-key.pem"));
      const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
      const encrypted = key.export({ format: "pem", type: "pkcs8", ...cipher });
      writeFileSync(join(at.directory, "client.key"), encrypted);
      writeFileSync(join(at.directory, "password.txt"), "secret\n");
      const certificate = `${tlsFolder}runtime-certificate.pem`;
      at.url = server.url;
      await at.start([
        `transport: {${trust}, client_cert: "file:${certificate}",`,
        `  client_key: "${at.directory}/client.key",`,
        `  client_key_password: "${at.directory}/password.txt"}`,
      ]);
      await at.node.send("example/a/x", "hi");
      (await server.next()).respond();
    });

    it("sends nothing to a server that it does not trust, and says why", async () => {
      const server = await listen({ tls });
      at.url = server.url;
      await at.start();
      await at.node.send("example/a/x", "hi");
      const away = await at.node.logged("endpoint backing-off");
      assert.match(String(away["reason"]), /certificate/);
      assert.equal(server.waiting, 0);
    });

    it("is sent nothing by a server that demands a certificate it does not show", async () => {
      const server = await listen({
        tls: { ...tls, ca: pem("authority-certificate.pem"), requestCert: true },
      });
      at.url = server.url;
      await at.start([`transport: {call: 50 ms, ${trust}}`]);
      await at.node.send("example/a/x", "hi");
      await at.node.logged("message failed, and is tried again");
      assert.equal(server.waiting, 0);
    });
  });

  it("does not start without a file that its TLS options name", async () => {
    await at.start();
    await at.node.stop();
    at.spec = ["transport: {trust_cacerts: /nowhere/ca.pem}"];
    await assert.rejects(at.startNode(), /trust_cacerts: cannot read \/nowhere\/ca.pem: ENOENT/);
    at.spec = [];
    await at.startNode();
  });

  it("takes the answers that come while it stops", async () => {
    await at.start([], { drainTimeoutMs: 10_000 });
    await at.node.send("example/a/x", "answered");
    const request = await at.next();
    const stopped = at.node.stop();
    await at.node.logged("endpoint draining");
    request.respond();
    await stopped;
    await at.startNode();
    await at.node.send("example/a/x", "next");
    const next = await at.next();
    assert.deepEqual(next.texts, ["next"]);
    next.respond();
  });

  it("stops while a server is away, and keeps the message", async () => {
    await at.start();
    const { port } = at.server;
    await at.server.close();
    await at.node.send("example/a/x", "hi");
    await at.node.logged("endpoint backing-off");
    await at.node.stop();
    at.server = await RequestReplyServer.listen({ port });
    await at.startNode();
    (await at.next()).respond();
  });
});
