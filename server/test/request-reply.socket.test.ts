import assert from "node:assert/strict";
import { RequestReplyNode } from "./support/request-reply-node.js";
import { address, mutation, spec, text, textOf } from "./support/request-reply-server.js";

// Goal: what StateFun's functions rely on, down to its sharp edges. Method: a real node and a real
// HTTP server that answers what a test says, byte for byte where it matters.

describe("a node with an HTTP endpoint", () => {
  let at: RequestReplyNode;

  beforeEach(async () => {
    at = new RequestReplyNode();
  });

  afterEach(async () => {
    await at.stop();
  });

  it("posts an address's inputs as StateFun does", async () => {
    await at.start();
    await at.node.send("example/a/x/y", "hi");
    const request = await at.next();
    assert.deepEqual([request.method, request.path], ["POST", "/functions"]);
    assert.equal(request.headers["content-type"], "application/octet-stream");
    assert.equal(request.headers.accept, "application/octet-stream");
    assert.equal(request.headers["content-length"], String(request.body.length));
    const { target, state, invocations } = request.batch;
    assert.deepEqual(target, { namespace: "example", type: "a", id: "x/y" });
    assert.deepEqual(state, []);
    const [only] = invocations;
    assert.equal(only?.caller, undefined, "an ingress is no caller");
    assert.equal(only?.argument?.hasValue, true);
    request.respond();
  });

  it("keeps an address to one request at a time, and sends its backlog as one batch in order", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    const first = await at.next();
    await at.node.send("example/a/x", "2");
    await at.node.send("example/a/x", "3");
    await at.node.send("example/a/other", "free");
    const other = await at.next();
    assert.equal(other.target, "example/a/other");
    assert.equal(at.server.waiting, 0);
    first.respond();
    const second = await at.next();
    assert.deepEqual(second.texts, ["2", "3"]);
    second.respond();
    other.respond();
  });

  it("carries messages between functions with their caller, to types that nobody has named", async () => {
    await at.start();
    await at.node.send("example/a/x", "go");
    (await at.next()).respond({
      outgoingMessages: [{ target: address("example/new/y"), argument: text("hello") }],
    });
    const sent = await at.next();
    assert.equal(sent.target, "example/new/y");
    assert.deepEqual(sent.batch.invocations[0]?.caller, address("example/a/x"));
    sent.respond();
  });

  it("sharp edge 1: an empty value comes back as a value, a deleted one as none", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(spec("zero"), spec("gone"), spec("never"));
    const first = await at.next();
    assert.deepEqual(first.states, { zero: null, gone: null, never: null });
    assert.ok(first.batch.state.every(({ stateValue }) => stateValue === undefined));
    first.respond({ stateMutations: [mutation("zero", ""), mutation("gone", "here")] });
    await at.node.send("example/a/x", "2");
    const second = await at.next();
    assert.deepEqual(second.states, { zero: "", gone: "here", never: null });
    assert.equal(second.batch.state[0]?.stateValue?.hasValue, true);
    second.respond({ stateMutations: [mutation("gone", null)] });
    await at.node.send("example/a/x", "3");
    const third = await at.next();
    assert.deepEqual(third.states, { zero: "", gone: null, never: null });
    third.respond();
  });

  it("sharp edge 2: an empty answer and A2 06 00 are successes without effects", async () => {
    await at.start();
    for (const hex of ["", "a20600"]) {
      await at.node.send("example/a/x", hex);
      const request = await at.next();
      assert.deepEqual(request.texts, [hex], "nothing came again");
      request.send(Buffer.from(hex, "hex"));
    }
    await at.node.send("example/a/x", "after");
    (await at.next()).respond();
  });

  it("sharp edge 3: a batch goes again, unchanged, for states that are missing, twice", async () => {
    await at.start();
    await at.node.send("example/a/x", "0");
    const blocking = await at.next();
    await at.node.send("example/a/x", "1");
    await at.node.send("example/a/x", "2");
    blocking.respond();
    const first = await at.next();
    await at.node.send("example/a/x", "later");
    first.incomplete(spec("one"));
    const second = await at.next();
    assert.deepEqual([second.texts, second.states], [["1", "2"], { one: null }]);
    second.incomplete(spec("two"));
    const third = await at.next();
    assert.deepEqual([third.texts, third.states], [["1", "2"], { one: null, two: null }]);
    third.respond({ stateMutations: [mutation("two", "2")] });
    const last = await at.next();
    assert.deepEqual([last.texts, last.states], [["later"], { one: null, two: "2" }]);
    last.respond();
  });

  it("sharp edge 4: states that the function does not declare any more go on being sent", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(spec("old"));
    (await at.next()).respond({ stateMutations: [mutation("old", "kept")] });
    await at.node.send("example/a/x", "2");
    const rolledBack = await at.next();
    assert.deepEqual(rolledBack.states, { old: "kept" });
    rolledBack.respond();
  });

  it("sharp edge 5: a cancellation takes back what the same answer sent, and a token may come anew", async () => {
    await at.start();
    const target = address("example/a/x");
    const delayed = (value: string, cancellationToken: string) => ({
      delayInMs: 1,
      target,
      argument: text(value),
      isCancellationRequest: false,
      cancellationToken,
    });
    const cancel = (cancellationToken: string) => ({
      delayInMs: 0,
      target: undefined,
      argument: undefined,
      isCancellationRequest: true,
      cancellationToken,
    });
    await at.node.send("example/a/x", "go");
    const delayedInvocations = [
      delayed("never", "a"),
      cancel("a"),
      delayed("first b", "b"),
      cancel("b"),
      delayed("second b", "b"),
      cancel("unknown"),
    ];
    (await at.next()).respond({ delayedInvocations });
    const fired = await at.next();
    assert.deepEqual(fired.texts, ["second b"]);
    assert.deepEqual(fired.batch.invocations[0]?.caller, target, "it comes from its sender");
    fired.respond();
  });

  it("sharp edge 6: a delay of 0 is one, a negative one is refused", async () => {
    await at.start();
    const delayed = (delayInMs: number) => ({
      delayInMs,
      target: address("example/a/y"),
      argument: text("now"),
      isCancellationRequest: false,
      cancellationToken: "",
    });
    await at.node.send("example/a/x", "1");
    (await at.next()).respond({ delayedInvocations: [delayed(0)] });
    const fired = await at.next();
    assert.equal(fired.target, "example/a/y");
    fired.respond();
    await at.node.send("example/a/x", "2");
    (await at.next()).respond({ delayedInvocations: [delayed(-1)] });
    assert.match(
      await at.parked(),
      /example\/a\/x: badResult: delayed_invocations\[0\]: delay of -1/,
    );
  });

  it("sharp edge 7: maxNumBatchRequests is a maximum, and a longer backlog comes in order", async () => {
    await at.start(["maxNumBatchRequests: 2"]);
    await at.node.send("example/a/x", "0");
    const first = await at.next();
    for (const value of ["1", "2", "3", "4", "5"]) await at.node.send("example/a/x", value);
    first.respond();
    for (const batch of [["1", "2"], ["3", "4"], ["5"]]) {
      const request = await at.next();
      assert.deepEqual(request.texts, batch);
      request.respond();
    }
  });

  it("sharp edge 8: an answer that is none has no effects, and the same batch comes again", async () => {
    await at.start();
    await at.node.send("example/a/x", "0");
    (await at.next()).incomplete(spec("count"));
    const blocking = await at.next();
    await at.node.send("example/a/x", "1");
    await at.node.send("example/a/x", "2");
    blocking.respond();
    const effects = { stateMutations: [mutation("count", "wrong")] };
    const bad = await at.next();
    bad.respondWith(effects, { status: 500 });
    const again = await at.next();
    assert.deepEqual(again.body, bad.body);
    again.respondWith(effects, { headers: { "content-type": "text/plain" } });
    const last = await at.next();
    assert.deepEqual(last.body, bad.body);
    last.respond();
    await at.node.send("example/a/x", "3");
    const after = await at.next();
    assert.deepEqual([after.texts, after.states], [["3"], { count: null }]);
    after.respond();
  });

  it("sharp edge 9: a batch that fails with a later input leaves nothing, and the input goes alone", async () => {
    await at.start(["transport: {type: io.statefun.transports.v1/okhttp}"]);
    await at.node.send("example/a/x", "0");
    const blocking = await at.next();
    for (const value of ["good", "bad", "last"]) await at.node.send("example/a/x", value);
    blocking.respond();
    const batch = await at.next();
    assert.deepEqual(batch.texts, ["good", "bad", "last"]);
    // What is no failure of the server is not tried again by this transport.
    batch.send(Buffer.alloc(0), { status: 400 });
    const good = await at.next();
    assert.deepEqual(good.texts, ["good"]);
    good.respond();
    for (let attempt = 0; attempt < 10; attempt++) {
      const bad = await at.next();
      bad.send(Buffer.alloc(0), { status: 400 });
      if (bad.texts.length === 1 && attempt > 1) break;
    }
    assert.match(await at.parked(), /example\/a\/x: function: .*answer 400 Bad Request/);
  });

  it("sharp edge 10: a restart sends an unanswered batch again with the old state, and its effects count once", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(spec("count"));
    (await at.next()).respond({ stateMutations: [mutation("count", "1")] });
    await at.node.send("example/a/x", "2");
    const lost = await at.next();
    assert.deepEqual(lost.states, { count: "1" });
    await at.node.stop();
    await at.startNode();
    const restored = await at.next();
    assert.deepEqual([restored.texts, restored.states], [["2"], {}]);
    // The old connection's answer is nobody's.
    lost.respond({ stateMutations: [mutation("count", "99")] });
    restored.incomplete(spec("count"));
    const again = await at.next();
    assert.deepEqual([again.texts, again.states], [["2"], { count: "1" }]);
    again.respond({ stateMutations: [mutation("count", "2")] });
    await at.node.send("example/a/x", "3");
    const after = await at.next();
    assert.deepEqual(after.states, { count: "2" });
    after.respond();
  });

  it("sharp edge 11: what an answer names and is not there fails that message only", async () => {
    await at.start();
    const record = { egressNamespace: "no", egressType: "where", argument: text("x") };
    await at.node.send("example/a/x", "1");
    (await at.next()).respond({ outgoingEgresses: [record] });
    assert.match(await at.parked(), /example\/a\/x: badResult: .*unknown egress no\/where/);
    await at.node.send("example/a/y", "1");
    (await at.next()).incomplete(spec("count"));
    (await at.next()).respond({ stateMutations: [mutation("count", "1", "other/type")] });
    await at.node.send("example/a/z", "1");
    const alive = await at.next();
    assert.equal(alive.target, "example/a/z");
    // A message to a type that nobody serves waits for somebody, and its sender goes on.
    alive.respond({
      outgoingMessages: [{ target: address("elsewhere/b/y"), argument: text("x") }],
    });
    await at.node.logged("unknown function type elsewhere/b");
    await at.node.send("example/a/z", "2");
    (await at.next()).respond();
  });

  it("sharp edge 11: a state that is declared as another type fails its address only", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(spec("count"));
    (await at.next()).respond();
    await at.node.stop();
    await at.startNode();
    await at.node.send("example/a/x", "2");
    (await at.next()).incomplete(spec("count", { typeTypename: "other/type" }));
    assert.match(
      await at.parked(),
      /example\/a\/x: badState: state count of example\/a is declared as other\/type/,
    );
  });

  it("sharp edge 12: messages come before delayed ones, records and state count with them", async () => {
    await at.start();
    const target = address("example/b/y");
    const delayed = {
      delayInMs: 0,
      target,
      argument: text("delayed"),
      isCancellationRequest: false,
    };
    await at.node.send("example/a/x", "1");
    (await at.next()).respond({
      outgoingMessages: [1, 2].map((n) => ({ target, argument: text(`sent ${n}`) })),
      delayedInvocations: [{ ...delayed, cancellationToken: "" }],
      outgoingEgresses: ["r1", "r2"].map((value) => ({
        egressNamespace: "example",
        egressType: "out",
        argument: text(value),
      })),
    });
    const received: string[] = [];
    while (received.length < 3) {
      const request = await at.next();
      received.push(...request.texts);
      request.respond();
    }
    assert.deepEqual(received, ["sent 1", "sent 2", "delayed"]);
    await at.node.stop();
    assert.deepEqual(at.records(), ["r1", "r2"]);
    await at.startNode();
  });

  it("sharp edge 13: a type's name has one slash; with more it is refused", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    const target = { namespace: "example/deep", type: "a", id: "x" };
    (await at.next()).respond({ outgoingMessages: [{ target, argument: text("x") }] });
    assert.match(await at.parked(), /"example\/deep\/a" is not namespace\/type/);
  });

  it("sharp edge 15: takes any name of a state, since each SDK has rules of its own", async () => {
    await at.start();
    const names = ["count1", "Count", "größe", "a b", "__proto__"];
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(...names.map((name) => spec(name)));
    (await at.next()).respond({ stateMutations: names.map((name) => mutation(name, name)) });
    await at.node.send("example/a/x", "2");
    const request = await at.next();
    const sent = request.batch.state.map(({ stateName, stateValue }) => [
      stateName,
      textOf(stateValue),
    ]);
    assert.deepEqual(
      sent,
      names.map((name) => [name, name]),
    );
    request.respond();
  });

  it("expires states after a write and after an invocation", async () => {
    await at.start();
    await at.node.send("example/a/x", "1");
    (await at.next()).incomplete(
      spec("written", { expirationSpec: { mode: 1, expireAfterMillis: 1 } }),
      spec("used", { expirationSpec: { mode: 2, expireAfterMillis: 3_600_000 } }),
    );
    (await at.next()).respond({
      stateMutations: [mutation("written", "w"), mutation("used", "u")],
    });
    const until = Date.now() + 5;
    while (Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
    await at.node.send("example/a/x", "2");
    const request = await at.next();
    assert.deepEqual(request.states, { written: null, used: "u" });
    request.respond();
  });
});
