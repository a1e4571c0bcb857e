/*
 * TLS on a real socket: the runtime verifies the function server, and with authorities the function
 * server verifies the runtime. And the health service, as a load balancer would ask it.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ChannelCredentials, type Client, Metadata, status } from "@grpc/grpc-js";
import { FunctionServerClient } from "@statewire/protos/statewire/v1/stream.js";
import { type FunctionServer, serve, statefulFunction, types } from "../src/index.js";
import { dial, RuntimeStream } from "./support/runtime-stream.js";

const pem = (name: string): Buffer =>
  readFileSync(new URL(`../../test/tls/${name}.pem`, import.meta.url));

const authorities = pem("authority-certificate");
const certificate = pem("server-certificate");
const privateKey = pem("server-key");

const echo = statefulFunction("test/echo", {
  accepts: types.string,
  handle: (ctx, text) => ctx.reply({ typename: "t/x", value: Buffer.from(text) }),
});

describe("a function server with TLS", () => {
  let server: FunctionServer | undefined;
  const clients: Client[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.close();
    }
    await server?.close();
  });

  function connect(credentials: ChannelCredentials, metadata = new Metadata()): RuntimeStream {
    const client = new FunctionServerClient(`localhost:${server?.port}`, credentials);
    clients.push(client);
    return new RuntimeStream(client.connect(metadata));
  }

  const start = async (tls: object, more: { authorization?: string } = {}): Promise<void> => {
    server = await serve([echo], {
      address: "127.0.0.1:0",
      drainTimeoutMs: 10,
      tls,
      ...more,
      onEvent: () => undefined,
    });
  };

  it("is reached by a runtime that trusts its authority, and by no other", async () => {
    await start({ certificate, privateKey });
    const trusting = connect(ChannelCredentials.createSsl(authorities));
    assert.equal((await trusting.greet()).version, 1);
    trusting.cancel();
    const distrusting = connect(ChannelCredentials.createSsl());
    assert.equal((await distrusting.ended).code, status.UNAVAILABLE);
    const inClearText = connect(ChannelCredentials.createInsecure());
    assert.equal((await inClearText.ended).code, status.UNAVAILABLE);
  });

  it("with authorities refuses a runtime that shows no certificate", async () => {
    await start({ certificate, privateKey, authorities });
    const known = connect(
      ChannelCredentials.createSsl(authorities, pem("runtime-key"), pem("runtime-certificate")),
    );
    assert.equal((await known.greet()).version, 1);
    known.cancel();
    const unknown = connect(ChannelCredentials.createSsl(authorities));
    assert.equal((await unknown.ended).code, status.UNAVAILABLE);
  });

  it("with an authorization refuses a runtime that does not send it", async () => {
    await start({ certificate, privateKey }, { authorization: "Bearer s3cret" });
    const by = ChannelCredentials.createSsl(authorities);
    const metadata = new Metadata();
    metadata.set("authorization", "Bearer s3cret");
    const known = connect(by, metadata);
    assert.equal((await known.greet()).version, 1);
    known.cancel();
    assert.equal((await connect(by).ended).code, status.UNAUTHENTICATED);
    metadata.set("authorization", "Bearer other");
    assert.equal((await connect(by, metadata).ended).code, status.UNAUTHENTICATED);
  });

  it("does not start without a certificate", async () => {
    await assert.rejects(start({ privateKey }), { code: "invalid-declaration" });
  });
});

describe("the health service", () => {
  it("says SERVING, and NOT_SERVING once the server drains", async () => {
    const server = await serve([echo], {
      address: "127.0.0.1:0",
      drainTimeoutMs: 5000,
      onEvent: () => undefined,
    });
    const { client, stream } = dial(server.address ?? "");
    await stream.greet();
    // HealthCheckRequest and HealthCheckResponse have one field each: the service, and the status.
    const check = (service: string): Promise<number> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          "/grpc.health.v1.Health/Check",
          (name: string) => Buffer.concat([Buffer.of(0x0a, name.length), Buffer.from(name)]),
          (bytes: Buffer) => bytes[1] ?? 0,
          service,
          (error, answer) => (error === null ? resolve(answer ?? 0) : reject(error)),
        );
      });
    assert.equal(await check("statewire.v1.FunctionServer"), 1);
    assert.equal(await check(""), 1);
    await assert.rejects(check("unknown"), { code: status.NOT_FOUND });
    const closed = server.close();
    await stream.next("drain");
    assert.equal(await check("statewire.v1.FunctionServer"), 2);
    stream.close();
    await stream.ended;
    client.close();
    await closed;
  });
});
