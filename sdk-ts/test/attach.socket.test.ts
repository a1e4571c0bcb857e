/*
 * A function server that dials the runtime. The test is the runtime's port: it accepts, speaks the
 * protocol first, and ends streams to see the function server come back.
 */
import assert from "node:assert/strict";
import { type FunctionServer, serve, statefulFunction, types } from "../src/index.js";
import { Events } from "./support/events.js";
import { RuntimeGateway } from "./support/runtime-gateway.js";
import { hello, input, invocations } from "./support/runtime-stream.js";

const echo = statefulFunction("test/echo", {
  accepts: types.string,
  replies: types.string,
  handle: (ctx, text) => ctx.reply(text),
});

const work = (invocationId: number) =>
  invocations([
    {
      invocationId,
      type: 1,
      id: "a",
      inputs: [input("io.statefun.types/string", types.string.encode("hi"), { wantsReply: true })],
    },
  ]);

describe("a function server that dials", () => {
  let gateway = new RuntimeGateway();
  let events = new Events();
  let server: FunctionServer | undefined;

  beforeEach(() => {
    gateway = new RuntimeGateway();
    events = new Events();
  });

  afterEach(async () => {
    gateway.close();
    await server?.close();
  });

  async function attach(port: number): Promise<FunctionServer> {
    server = await serve([echo], {
      attachTo: `127.0.0.1:${port}`,
      drainTimeoutMs: 1000,
      onEvent: events.record,
    });
    return server;
  }

  it("runs what the runtime sends, and comes back when the stream is lost", async () => {
    const attachedTo = await attach(await gateway.listen());
    assert.equal(attachedTo.address, undefined);
    const first = await gateway.nextAttached();
    first.send(hello());
    assert.equal((await first.next())?.frame?.$case, "welcome");
    first.send(work(1));
    const frame = (await first.next())?.frame;
    assert.ok(frame?.$case === "results");
    assert.equal(
      types.string.decode(frame.value.results[0]?.replies[0]?.value ?? Buffer.of()),
      "hi",
    );
    first.fail();
    const redialling = await events.next("redialling");
    assert.match(redialling.reason, /status 14, restarting/);
    assert.ok(redialling.delayMs >= 80 && redialling.delayMs <= 120, `${redialling.delayMs} ms`);
    const second = await gateway.nextAttached();
    second.send(hello());
    assert.equal((await second.next())?.frame?.$case, "welcome");
    second.send(work(1));
    assert.equal((await second.next())?.frame?.$case, "results");
  });

  it("keeps dialling a runtime that is not there yet", async () => {
    const port = await gateway.listen();
    gateway.close();
    gateway = new RuntimeGateway();
    await attach(port);
    const { reason } = await events.next("redialling");
    assert.equal(reason, `connect ECONNREFUSED 127.0.0.1:${port}`);
    await gateway.listen(port);
    const attached = await gateway.nextAttached();
    attached.send(hello());
    assert.equal((await attached.next())?.frame?.$case, "welcome");
  });

  it("waits at least five seconds after a protocol error", async () => {
    await attach(await gateway.listen());
    const attached = await gateway.nextAttached();
    attached.send(hello({ versions: [9] }));
    assert.equal((await attached.next())?.frame?.$case, "error");
    attached.close();
    const redialling = await events.next("redialling");
    assert.ok(redialling.delayMs >= 5000, `${redialling.delayMs} ms`);
  });

  it("drains: says so, finishes, and goes when the runtime closes the stream", async () => {
    const attachedTo = await attach(await gateway.listen());
    const attached = await gateway.nextAttached();
    attached.send(hello());
    await attached.next();
    const closed = attachedTo.close();
    assert.equal((await attached.next())?.frame?.$case, "drain");
    attached.send(work(1));
    assert.equal((await attached.next())?.frame?.$case, "results");
    attached.close();
    await closed;
    assert.equal(events.all.filter((event) => event.kind === "redialling").length, 0);
  });
});
