import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import {
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { AdminService } from "@statewire/protos/statewire/v1/admin.js";
import {
  CallRequest,
  type CallResponse,
  IngressClient,
  SendRequest,
  type SendResponse,
  type SendStreamRequest,
  type SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import type { ApiSettings } from "../src/api/api.js";
import { ApiNode, insecure } from "./support/api-node.js";

const target = { namespace: "shop", type: "order", id: "1" };
const message = { typename: "shop/placed", value: Buffer.from("x") };
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** How a stream ends; an ending with an error is not one for the test. */
function statusOf(stream: EventEmitter): Promise<StatusObject> {
  stream.on("error", () => undefined);
  return new Promise((resolve) => stream.on("status", resolve));
}

describe("gRPC ingress", () => {
  let node: ApiNode;
  let client: IngressClient;

  async function open(settings: Partial<ApiSettings> = {}): Promise<void> {
    node = await ApiNode.open(settings);
    client = new IngressClient(node.grpcAddress, insecure);
  }

  async function reopen(settings: Partial<ApiSettings>): Promise<void> {
    client.close();
    await node.api.close();
    await open(settings);
  }

  function send(fields: Parameters<typeof SendRequest.create>[0] = {}): Promise<SendResponse> {
    const request = SendRequest.create({ target, message, ...fields });
    return new Promise((resolve, reject) => {
      client.send(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  function call(options: { deadline?: number; metadata?: Metadata } = {}): Promise<CallResponse> {
    const request = CallRequest.create({ target, message });
    const { metadata = new Metadata(), ...rest } = options;
    return new Promise((resolve, reject) => {
      client.call(request, metadata, rest, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  /** When it resolves, what was written on the connection before has been handled by the node. */
  function roundTrip(): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = AdminService.inspect;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  async function fails(
    promise: Promise<unknown>,
    code: status,
    text: string,
  ): Promise<ServiceError> {
    const error = await promise.then(
      () => assert.fail("it succeeded"),
      (reason: ServiceError) => reason,
    );
    assert.equal(status[error.code], status[code], error.details);
    assert.ok(error.details.includes(text), error.details);
    return error;
  }

  beforeEach(() => open());

  afterEach(async () => {
    client.close();
    await node.api.close();
  });

  describe("Send", () => {
    it("answers when the message is durable, and says whether it is a duplicate", async () => {
      const first = send({ idempotencyKey: "k", delayMs: 5, traceparent });
      const [command] = await node.arrived(1);
      assert.deepEqual(command, {
        kind: "send",
        request: 1,
        typeName: "shop/order",
        id: "1",
        message,
        traceparent,
        delayMs: 5,
        once: { kind: "key", key: "k" },
      });
      node.requests.acknowledged([{ request: 1, duplicate: false }]);
      assert.deepEqual(await first, { duplicate: false });
      const second = send({ producer: { source: "s", sequence: 3 } });
      await node.arrived(2);
      node.requests.acknowledged([{ request: 2, duplicate: true }]);
      assert.deepEqual(await second, { duplicate: true });
    });

    it("answers NOT_FOUND with the words of the core", async () => {
      const sent = send();
      await node.arrived(1);
      const text = "unknown function type shop/order; known: shop/cart";
      node.requests.rejected([{ request: 1, code: "notFound", message: text }]);
      await fails(sent, status.NOT_FOUND, text);
    });

    it("refuses what is not a request before the core sees it", async () => {
      await fails(send({ target: { ...target, type: "" } }), status.INVALID_ARGUMENT, "type");
      const large = { typename: "a/b", value: Buffer.alloc(1001) };
      const text = "1001 bytes exceeds valueBytesMax 1000";
      await fails(send({ message: large }), status.RESOURCE_EXHAUSTED, text);
      assert.equal(node.commands.length, 0);
    });

    it("a frame above the limit is refused with both sizes and the setting", async () => {
      const huge = { typename: "a/b", value: Buffer.alloc(5000) };
      const error = await fails(
        send({ message: huge }),
        status.RESOURCE_EXHAUSTED,
        "requestBytesMax 4000",
      );
      assert.match(error.details, /50\d\d vs 4000/);
    });

    it("waits while the node is full, and goes on when it is not", async () => {
      node.requests.setAccepting(false);
      node.echo();
      const sent = send();
      await roundTrip();
      assert.equal(node.commands.length, 0);
      node.requests.setAccepting(true);
      assert.deepEqual(await sent, { duplicate: false });
    });

    it("answers RESOURCE_EXHAUSTED when the node stays full", async () => {
      await reopen({ admissionTimeoutMs: 30 });
      node.requests.setAccepting(false);
      await fails(send(), status.RESOURCE_EXHAUSTED, "admissionTimeoutMs 30");
      assert.equal(node.commands.length, 0);
    });

    it("answers RESOURCE_EXHAUSTED at once when too many wait already", async () => {
      node.requests.setAccepting(false);
      const waiting = [send(), send()];
      await roundTrip();
      await fails(send(), status.RESOURCE_EXHAUSTED, "admissionWaitingMax 2");
      node.echo();
      node.requests.setAccepting(true);
      await Promise.all(waiting);
    });

    it("answers RESOURCE_EXHAUSTED at once when what waits would be too large", async () => {
      await reopen({ admissionBytesMax: 900 });
      node.requests.setAccepting(false);
      const message = { typename: "a/b", value: Buffer.alloc(600) };
      const first = send({ message });
      await roundTrip();
      const text = "what waits would hold 1200 bytes, and admissionBytesMax is 900";
      await fails(send({ message }), status.RESOURCE_EXHAUSTED, text);
      node.echo();
      node.requests.setAccepting(true);
      await first;
      // What has gone on holds nothing any more, and one alone may be larger.
      node.requests.setAccepting(false);
      const large = send({ message: { typename: "a/b", value: Buffer.alloc(950) } });
      await roundTrip();
      node.requests.setAccepting(true);
      assert.deepEqual(await large, { duplicate: false });
    });

    it("answers UNAVAILABLE until the node serves", async () => {
      const starting = new ApiNode();
      await starting.api.open();
      const early = new IngressClient(starting.grpcAddress, insecure);
      const sent = new Promise((resolve, reject) => {
        const request = SendRequest.create({ target, message });
        early.send(request, (error, response) => (error ? reject(error) : resolve(response)));
      });
      await fails(sent, status.UNAVAILABLE, "starting");
      early.close();
      await starting.api.close();
    });
  });

  describe("Call", () => {
    it("answers with the function's reply", async () => {
      const called = call();
      const [command] = await node.arrived(1);
      assert.equal(command?.kind, "call");
      node.requests.replied([{ request: 1, value: message, failure: null }]);
      assert.deepEqual(await called, { reply: message });
    });

    it("tells no reply, an absent value and an empty one apart", async () => {
      const calls = [call(), call(), call()];
      await node.arrived(3);
      const empty = { typename: "a/b", value: new Uint8Array(0) };
      node.requests.replied([
        { request: 1, value: null, failure: null },
        { request: 2, value: { typename: "a/b", value: null }, failure: null },
        { request: 3, value: empty, failure: null },
      ]);
      const replies = (await Promise.all(calls)).map(({ reply }) => reply);
      assert.equal(replies.filter((reply) => reply === undefined).length, 1);
      const values = replies.flatMap((reply) => (reply === undefined ? [] : [reply.value]));
      assert.equal(values.filter((value) => value === undefined).length, 1);
      assert.equal(values.filter((value) => value?.length === 0).length, 1);
    });

    it("a function that failed for good is FAILED_PRECONDITION, its code in a trailer", async () => {
      const called = call();
      await node.arrived(1);
      const failure = { code: "badInput", message: "not an order" };
      node.requests.replied([{ request: 1, value: null, failure }]);
      const error = await fails(called, status.FAILED_PRECONDITION, "not an order");
      assert.deepEqual(error.metadata.get("statewire-failure"), ["badInput"]);
    });

    it("a deadline that passes abandons the call", async () => {
      const called = call({ deadline: Date.now() + 100 });
      await fails(called, status.DEADLINE_EXCEEDED, "");
      while (node.requests.pendingCount > 0) await roundTrip();
    });

    it("a caller learns just before its deadline why there is no reply", async () => {
      node.explain = (address) => `${address} is parked`;
      // Without a deadline of its own, the client waits for what the node says before this one is over,
      // however long a busy machine takes to deliver it.
      const metadata = new Metadata();
      metadata.set("grpc-timeout", "1000m");
      await fails(
        call({ metadata }),
        status.DEADLINE_EXCEEDED,
        "ms (shop/order/1 is parked); the message runs all the same",
      );
      assert.equal(node.requests.pendingCount, 0);
      assert.equal(node.counters.grpcCall.refused.timeout, 1);
    });

    it("a caller that goes away abandons the call", async () => {
      const request = CallRequest.create({ target, message });
      const called = client.call(request, () => undefined);
      await node.arrived(1);
      called.cancel();
      while (node.requests.pendingCount > 0) await roundTrip();
    });

    it("a trace in the metadata goes on, a wrong one is passed over", async () => {
      const good = new Metadata();
      good.set("traceparent", traceparent);
      const bad = new Metadata();
      bad.set("traceparent", "nonsense");
      node.echo();
      await Promise.all([call({ metadata: good }), call({ metadata: bad })]);
      const traces = node.commands.map((command) => command.traceparent);
      assert.deepEqual(traces.sort(), ["", traceparent]);
    });
  });

  describe("SendStream", () => {
    type Stream = ClientDuplexStream<SendStreamRequest, SendStreamResponse>;

    function write(stream: Stream, ...ids: string[]): void {
      const messages = ids.map((id) => SendRequest.create({ target: { ...target, id }, message }));
      stream.write({ messages });
    }

    function collect(stream: Stream): { frames: SendStreamResponse[]; ended: Promise<status> } {
      const frames: SendStreamResponse[] = [];
      stream.on("data", (frame: SendStreamResponse) => frames.push(frame));
      const ended = statusOf(stream).then(({ code }) => code);
      return { frames, ended };
    }

    it("acknowledges in order of arrival what becomes durable in any order", async () => {
      const stream = client.sendStream();
      const { frames, ended } = collect(stream);
      write(stream, "a", "b");
      write(stream, "c");
      stream.end();
      await node.arrived(3);
      node.requests.acknowledged([{ request: 3, duplicate: true }]);
      node.requests.rejected([{ request: 2, code: "notFound", message: "who?" }]);
      node.requests.acknowledged([{ request: 1, duplicate: false }]);
      assert.equal(await ended, status.OK);
      assert.deepEqual(
        frames.flatMap((frame) => frame.acknowledgements),
        [
          { index: 0, duplicate: false, code: 0, error: "" },
          { index: 1, duplicate: false, code: status.NOT_FOUND, error: "who?" },
          { index: 2, duplicate: true, code: 0, error: "" },
        ],
      );
    });

    it("acknowledges the messages of one epoch in one frame", async () => {
      const stream = client.sendStream();
      const { frames, ended } = collect(stream);
      write(stream, "a", "b", "c");
      stream.end();
      await node.arrived(3);
      node.requests.acknowledged([1, 2, 3].map((request) => ({ request, duplicate: false })));
      await ended;
      assert.equal(frames.length, 1);
    });

    it("a message that is not a request ends nothing", async () => {
      node.echo();
      const stream = client.sendStream();
      const { frames, ended } = collect(stream);
      write(stream, "a", "x".repeat(41), "c");
      stream.end();
      assert.equal(await ended, status.OK);
      const acknowledgements = frames.flatMap((frame) => frame.acknowledgements);
      assert.deepEqual(
        acknowledgements.map(({ index, code }) => [index, code]),
        [
          [0, status.OK],
          [1, status.INVALID_ARGUMENT],
          [2, status.OK],
        ],
      );
      assert.match(acknowledgements[1]?.error ?? "", /41 bytes exceeds idBytesMax 40/);
    });

    it("reads no further while too many messages wait, and goes on when they do not", async () => {
      const stream = client.sendStream();
      collect(stream);
      for (let frame = 0; frame < 100; frame++) write(stream, "a", "b");
      await node.arrived(4);
      await roundTrip();
      const before = node.commands.length;
      assert.ok(before <= 6, `${before} messages were read, streamMessagesMax is 4`);
      node.echo();
      for (const { request } of [...node.commands]) {
        node.requests.acknowledged([{ request, duplicate: false }]);
      }
      await node.arrived(200);
      stream.cancel();
    });

    it("reads nothing while the node is full", async () => {
      node.requests.setAccepting(false);
      const stream = client.sendStream();
      const { ended } = collect(stream);
      write(stream, "a");
      stream.end();
      await roundTrip();
      assert.equal(node.commands.length, 0);
      node.echo();
      node.requests.setAccepting(true);
      assert.equal(await ended, status.OK);
    });

    it("ends as INVALID_ARGUMENT at a frame that is not one, after what came before", async () => {
      const raw = client.makeBidiStreamRequest(
        "/statewire.v1.Ingress/SendStream",
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        new Metadata(),
      );
      raw.on("data", () => undefined);
      raw.write(Buffer.from([0x0a, 0xff]));
      const outcome = await statusOf(raw);
      assert.equal(outcome.code, status.INVALID_ARGUMENT);
      assert.match(outcome.details, /SendStreamRequest/);
    });

    it("a client that goes away leaves its messages to run, and nothing waits for it", async () => {
      const stream = client.sendStream();
      collect(stream);
      write(stream, "a");
      await node.arrived(1);
      stream.cancel();
      await node.api.drain(10_000);
      node.requests.acknowledged([{ request: 1, duplicate: false }]);
      assert.equal(node.requests.pendingCount, 0);
    });
  });

  describe("a node that stops", () => {
    it("answers what it has taken, refuses what comes", async () => {
      const taken = send();
      await node.arrived(1);
      const drained = node.api.drain(10_000);
      await fails(send(), status.UNAVAILABLE, "stopping");
      node.requests.acknowledged([{ request: 1, duplicate: false }]);
      assert.deepEqual(await taken, { duplicate: false });
      await drained;
    });

    it("refuses at once what waits for room", async () => {
      node.requests.setAccepting(false);
      const waiting = send();
      await roundTrip();
      await node.api.drain(10_000);
      await fails(waiting, status.UNAVAILABLE, "stopping");
    });

    it("ends as UNAVAILABLE what is not answered in time", async () => {
      const taken = send();
      await node.arrived(1);
      await node.api.drain(20);
      await fails(taken, status.UNAVAILABLE, "not known");
    });

    it("a stream gets its acknowledgements, then UNAVAILABLE", async () => {
      const stream = client.sendStream();
      const frames: SendStreamResponse[] = [];
      stream.on("data", (frame: SendStreamResponse) => frames.push(frame));
      const ended = statusOf(stream);
      stream.write({ messages: [SendRequest.create({ target, message })] });
      await node.arrived(1);
      const drained = node.api.drain(10_000);
      node.requests.acknowledged([{ request: 1, duplicate: false }]);
      const outcome = await ended;
      await drained;
      assert.equal(outcome.code, status.UNAVAILABLE);
      assert.equal(frames.flatMap((frame) => frame.acknowledgements).length, 1);
    });
  });
});
