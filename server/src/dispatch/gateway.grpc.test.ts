import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { endpointSpec, LoneDispatcher } from "../../test/support/process-dispatcher.js";
import { ScriptedDialler } from "../../test/support/process-function-server.js";
import type { GrpcEndpointSpec } from "../module/module.js";
import { parseSecretText } from "../module/secret-text.js";

// Goal: a function server that dials in is served as one that is dialled, and gets the end that a
// gRPC client needs: a status. Method: real sockets, a client that a test drives frame by frame.

describe("Gateway", () => {
  let lone: LoneDispatcher;
  let diallers: ScriptedDialler[] = [];
  let address = "";
  let folder = "";

  /** A file with the authorization of the test's peers. */
  function secretFile(): string {
    folder = mkdtempSync(join(tmpdir(), "statewire-gateway-"));
    writeFileSync(join(folder, "secret"), "Bearer s3cret\n");
    return join(folder, "secret");
  }

  async function serve(
    handshakeTimeoutMs?: number,
    specs: readonly GrpcEndpointSpec[] = [],
  ): Promise<void> {
    lone = new LoneDispatcher(specs, handshakeTimeoutMs);
    address = await lone.serveGateway();
  }

  function attach(authorization?: string): ScriptedDialler["stream"] {
    const dialler = new ScriptedDialler(address, authorization);
    diallers.push(dialler);
    return dialler.stream;
  }

  afterEach(() => {
    for (const dialler of diallers) dialler.close();
    diallers = [];
    lone.close();
    if (folder !== "") rmSync(folder, { recursive: true });
    folder = "";
  });

  it("speaks first, attaches everything offered, and logs who came and went", async () => {
    await serve();
    const stream = attach();
    await stream.welcome("example/a", "mail/*");
    const { functions } = await lone.command("sessionAttached");
    assert.deepEqual(
      functions.map(({ pattern }) => pattern),
      ["example/a", "mail/*"],
    );
    const [only] = lone.dispatcher.statuses();
    assert.equal(only?.endpoint, null);
    assert.match(only?.address ?? "", /127\.0\.0\.1/);
    stream.end();
    await lone.command("sessionDetached");
    assert.equal((await stream.ended()).code, status.OK);
    assert.deepEqual(lone.dispatcher.statuses(), []);
    assert.deepEqual(
      lone.log.map(({ msg }) => msg),
      ["function server attached", "function server gone"],
    );
  });

  it("shows whom endpoints with dialIn wait for, until somebody serves a part of it", async () => {
    const dialIn = (functions: string) => ({ ...endpointSpec("", functions), addresses: [] });
    await serve(10_000, [dialIn("mail/*"), dialIn("example/a"), dialIn("other/b")]);
    const shown = () =>
      lone.dispatcher.statuses().map(({ address, state }) => `${address}: ${state}`);
    const away = ["mail/*", "example/a", "other/b"].map((name) => `dialIn ${name}: connecting`);
    assert.deepEqual(shown(), away);
    const stream = attach();
    await stream.welcome("example/*", "mail/welcome");
    await lone.command("sessionAttached");
    await lone.until(() => lone.log.length > 0);
    assert.deepEqual([shown()[0], shown().length], [away[2], 2]);
    stream.end();
    await lone.command("sessionDetached");
    assert.deepEqual(shown(), away);
  });

  it("carries results and control frames both ways", async () => {
    await serve();
    const stream = attach();
    await stream.welcome("example/a");
    await lone.command("sessionAttached");
    stream.results({ invocationId: 4, stateChanges: [{ value: Buffer.alloc(600) }] });
    assert.equal((await lone.command("results")).results[0]?.invocation, 4);
    assert.equal((await stream.next("credit")).bytes, 600);
  });

  it("tells the clause that a server broke, and ends with INVALID_ARGUMENT [ERROR-5]", async () => {
    await serve();
    const stream = attach();
    await stream.next("hello");
    stream.results({ invocationId: 1 });
    assert.equal((await stream.next("error")).clause, "HELLO-2");
    assert.equal((await stream.ended()).code, status.INVALID_ARGUMENT);
    await lone.until(() => lone.dispatcher.openCount === 0);
    const line = lone.log.find(({ msg }) => msg === "function server rejected");
    assert.match(String(line?.["reason"]), /\[HELLO-2\]/);
  });

  it("reports the clause that a server names, and ends with INVALID_ARGUMENT [ERROR-5]", async () => {
    await serve();
    const stream = attach();
    await stream.next("hello");
    stream.write({ $case: "error", value: { clause: "HELLO-3", message: "I speak 7" } });
    assert.equal((await stream.ended()).code, status.INVALID_ARGUMENT);
    const line = lone.log.find(({ msg }) => msg === "function server rejected");
    assert.equal(line?.["reason"], "the server reports [HELLO-3]: I speak 7");
  });

  it("ends with status OK a stream that ran empty after a drain [DRAIN-3]", async () => {
    await serve();
    const stream = attach();
    await stream.welcome("example/a");
    const { session } = await lone.command("sessionAttached");
    lone.dispatcher.drain("the runtime is stopping");
    assert.equal((await stream.next("drain")).reason, "the runtime is stopping");
    await lone.command("sessionDraining");
    stream.results({ invocationId: 1 });
    await lone.command("results");
    lone.dispatcher.end([session]);
    assert.equal((await stream.ended()).code, status.OK);
    await lone.dispatcher.whenEmpty(1000);
    assert.equal(lone.dispatcher.openCount, 0);
  });

  it("ends a handshake that takes too long [HELLO-9]", async () => {
    await serve(50);
    const stream = attach();
    await stream.next("hello");
    assert.equal((await stream.ended()).code, status.DEADLINE_EXCEEDED);
    await lone.until(() => lone.dispatcher.openCount === 0);
    assert.deepEqual(lone.commands, []);
  });

  it("knows peers by their authorization, and what each may offer [TLS-2] [TLS-3]", async () => {
    const authorization = parseSecretText(`\${file:${secretFile()}}`, (path) => path) ?? null;
    const spec = { ...endpointSpec("", "example/*"), addresses: [], authorization };
    await serve(undefined, [spec]);
    for (const unknown of [undefined, "Bearer other"]) {
      const { code, details } = await attach(unknown).ended();
      assert.equal(code, status.UNAUTHENTICATED);
      assert.doesNotMatch(details, /s3cret/);
    }
    const greedy = attach("Bearer s3cret");
    await greedy.welcome("example/a", "mail/*");
    assert.deepEqual(await greedy.ended(), {
      code: status.PERMISSION_DENIED,
      details: "its authorization is not for mail/*",
    });
    const known = attach("Bearer s3cret");
    await known.welcome("example/a");
    const [{ functions }] = [await lone.command("sessionAttached", 2)];
    assert.deepEqual(
      functions.map(({ pattern }) => pattern),
      ["example/a"],
    );
    assert.doesNotMatch(JSON.stringify(lone.log), /s3cret/);
  });

  it("cuts what is left when it closes", async () => {
    await serve();
    const stream = attach();
    await stream.welcome("example/a");
    await lone.command("sessionAttached");
    lone.dispatcher.close();
    assert.equal((await stream.ended()).code, status.UNAVAILABLE);
    await lone.command("sessionDetached");
  });

  it("detaches a server whose connection is gone", async () => {
    await serve();
    const stream = attach();
    await stream.welcome("example/a");
    await lone.command("sessionAttached");
    diallers.splice(0)[0]?.abort();
    await lone.command("sessionDetached");
    assert.equal(lone.dispatcher.openCount, 0);
  });

  it("keeps the streams of one server apart [ROLE-4]", async () => {
    await serve();
    const [first, second] = [attach(), attach()];
    await first.welcome("example/a");
    await second.welcome("example/a");
    await lone.command("sessionAttached", 2);
    first.writeBytes(Buffer.from([0x0a, 0x09]));
    await first.ended();
    second.results({ invocationId: 1 });
    const { session } = await lone.command("results");
    const detached = await lone.command("sessionDetached");
    assert.notEqual(session, detached.session);
    assert.equal(lone.dispatcher.statuses().length, 1);
  });
});
