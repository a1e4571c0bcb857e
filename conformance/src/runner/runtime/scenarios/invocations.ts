import type { Fields } from "../../../protocol/protocol.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { request, sendMessages, welcome } from "../actions.js";
import { expectInvocation } from "../expect-invocation.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";

/** The texts come to one address, in order, in however many invocations; each is completed. */
export const takesInOrder: RuntimeScenario = async (testCase, { id, texts, state }) => {
  const { session } = testCase;
  const expected = [...(texts as readonly (string | null)[])];
  let first = true;
  while (expected.length > 0) {
    const { fields } = await nextEvent(session, ["invocation"], 3 * stepMs, (event) => {
      return event.fields["id"] === id;
    });
    if (first && state !== undefined) checkState(fields, state as string | null);
    first = false;
    for (const input of (fields["inputs"] ?? []) as readonly Fields[]) {
      const text = Buffer.isBuffer(input["value"]) ? input["value"].toString() : null;
      const next = expected.shift();
      if (text !== next) throw new CaseFailure(`expected ${show(next)}, received ${show(text)}`);
    }
    await session.stream.send({
      results: { results: [{ invocation_id: fields["invocation_id"] }] },
    });
  }
};

function checkState(fields: Fields, state: string | null): void {
  const [listed] = (fields["states"] ?? []) as readonly Fields[];
  const found = listed === undefined ? null : String(listed["value"]);
  if (found !== state)
    throw new CaseFailure(`state: expected ${show(state)}, received ${show(found)}`);
}

/** 64 messages that wait come in fewer than 32 frames. */
export const batchedInvocations: RuntimeScenario = async (testCase) => {
  const { session, runtime } = testCase;
  await welcome(testCase, session, { window: {} });
  const ids = Array.from({ length: 64 }, (_each, at) => `@batch-${at}`);
  const sends = ids.map((id) => {
    const step = { id, type: "conformance/@main", typename: "t/t", text: "x", with: {} };
    return runtime.call("Ingress", "Send", request(testCase, step));
  });
  await Promise.all(sends);
  const before = session.stream.frames;
  await session.stream.send({ window: { invocations: 1000, bytes: 1_000_000 } });
  const results: Fields[] = [];
  for (const _each of ids) {
    const { fields } = await nextEvent(session, ["invocation"], stepMs);
    results.push({ invocation_id: fields["invocation_id"] });
  }
  const frames = session.stream.frames - before;
  await session.stream.send({ results: { results } });
  if (frames >= 32)
    throw new CaseFailure(`expected fewer than 32 frames for 64 invocations, received ${frames}`);
};

/** Values of a megabyte to one address: every frame fits, and the values are whole. */
export const largeMessages: RuntimeScenario = async (testCase) => {
  const { session } = testCase;
  await welcome(testCase, session, { window: {} });
  const bytes = Math.min(1_000_000, session.variables.get("value_bytes_max") ?? 0);
  const text = "v".repeat(bytes);
  const message = { id: "@a", type: "conformance/@main", typename: "t/t", with: {} };
  for (let at = 0; at < 8; at++) await sendMessages(testCase, [{ ...message, text }]);
  await session.stream.send({ window: { invocations: 10, bytes: 100_000_000 } });
  let received = 0;
  while (received < 8) {
    const { fields } = await nextEvent(session, ["invocation"], 2 * stepMs);
    const inputs = (fields["inputs"] ?? []) as readonly Fields[];
    for (const { value } of inputs) {
      if (!Buffer.isBuffer(value) || value.length !== bytes)
        throw new CaseFailure(`expected ${bytes} bytes, received ${show(value)}`);
    }
    const sum = inputs.length * bytes;
    const frameBytesMax = session.variables.get("frame_bytes_max") ?? 0;
    if (sum > frameBytesMax)
      throw new CaseFailure(`[LIMIT-10] ${sum} bytes in a frame of ${frameBytesMax}`);
    received += inputs.length;
    await session.stream.send({
      results: { results: [{ invocation_id: fields["invocation_id"] }] },
    });
  }
};

/** Of several addresses, one is in flight at a time: the next comes when the one before is done. */
export const oneAtATime: RuntimeScenario = async (testCase, { ids }) => {
  const { session } = testCase;
  const left = new Set(ids as readonly string[]);
  while (left.size > 0) {
    const { fields } = await nextEvent(session, ["invocation"], stepMs);
    const second = await session.stream.events.takeWithin(300, ({ kind }) => kind === "invocation");
    if (second !== undefined)
      throw new CaseFailure(`two in flight: ${show(fields["id"])}, ${show(second.fields["id"])}`);
    if (!left.delete(String(fields["id"]))) throw new CaseFailure(`not expected: ${show(fields)}`);
    await session.stream.send({
      results: { results: [{ invocation_id: fields["invocation_id"] }] },
    });
  }
};

/** On SIGTERM: Drain, the result of what is in flight is taken, and the stream ends with OK. */
export const drainsOnStop: RuntimeScenario = async (testCase, { to }) => {
  const { session, runtime } = testCase;
  const id = testCase.received.get(String(to))?.id;
  const stopped = runtime.restart("SIGTERM");
  await nextEvent(session, ["drain"], 2 * stepMs);
  const records = [{ egress: "conformance/out", typename: "t/t", value: Buffer.from("drained") }];
  await session.stream.send({
    results: { results: [{ invocation_id: id, egress_records: records }] },
  });
  const { fields: end } = await nextEvent(session, ["end"], 2 * stepMs);
  if (end["status"] !== "OK") throw new CaseFailure(`expected OK, received ${show(end)}`);
  await stopped;
  const found = await runtime.records.recordsOf(testCase.prefix, 1, 2 * stepMs);
  if (found.length !== 1)
    throw new CaseFailure(`expected the record once, received ${found.length}`);
};

/** A function sends more than anybody takes; nothing is refused, nothing is lost. */
export const floodFromAFunction: RuntimeScenario = async (testCase, { messages }) => {
  const { session } = testCase;
  const count = Number(messages);
  const each = 1000;
  await sendMessages(testCase, [
    { id: "@a", type: "conformance/@main", typename: "t/t", text: "go", with: {} },
  ]);
  let id = await start(testCase);
  for (let sent = 0; sent < count; sent += each) {
    const isLast = sent + each >= count;
    const sends = Array.from({ length: each }, (_each, at) => {
      return {
        type_name: testCase.own("conformance/@sink"),
        id: testCase.own(`@sink-${at % 10}`),
        typename: "t/t",
      };
    });
    const again = { type: 1, id: testCase.own("@a"), typename: "t/t" };
    const result = { invocation_id: id, sends: isLast ? sends : [...sends, again] };
    await session.stream.send({ results: { results: [result] } });
    if (!isLast) id = await start(testCase);
  }
  const sink = testCase.attach("sink");
  await nextEvent(sink, ["hello"], stepMs);
  await welcome(testCase, sink, { functions: [{ type_name: "conformance/@sink" }] });
  let received = 0;
  while (received < count) {
    const { fields } = await nextEvent(sink, ["invocation"], 2 * stepMs);
    received += ((fields["inputs"] ?? []) as readonly Fields[]).length;
    await sink.stream.send({ results: { results: [{ invocation_id: fields["invocation_id"] }] } });
  }
  if (received !== count) throw new CaseFailure(`expected ${count} messages, received ${received}`);
};

async function start(testCase: Parameters<RuntimeScenario>[0]): Promise<number> {
  await expectInvocation(testCase, { as: "flood", id: "@a", with: {} });
  return testCase.received.get("flood")?.id ?? 0;
}
