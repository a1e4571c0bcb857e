import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import { RuntimeFrame } from "@statewire/protos/statewire/v1/stream.js";
import fc from "fast-check";
import {
  anyServerFrame,
  assertNamesClause,
  encodeFrame,
  encodeResults,
  serverFrames,
  welcomeFrame,
} from "../../test/support/fuzz-frames.js";
import { FuzzedStream } from "../../test/support/fuzz-stream.js";

// Goal: whatever a function server sends, in whatever order, its stream goes on or ends with a
// ProtocolError that names a clause; its invocations go to another server, and nobody else notices.
// Method: a session on a real core with messages in flight; then a second server answers everything.

const results = [1, 2, 3].map((invocationId) =>
  encodeResults({ invocationId, stateChanges: [{ state: 0, value: Buffer.from("1") }] }),
);

const frames = fc.oneof(
  { weight: 3, arbitrary: mutations([...results, ...serverFrames]) },
  { weight: 2, arbitrary: anyServerFrame.map(encodeFrame) },
  { weight: 1, arbitrary: fc.constantFrom(...results, ...serverFrames) },
);

describe("StreamSession, of any frames", () => {
  it("begins with three invocations in flight, which a good server ends", () => {
    const stream = new FuzzedStream();
    for (const frame of [welcomeFrame, ...results]) stream.receive(frame);
    const sent = stream.frames.flatMap((bytes) => {
      const { frame } = RuntimeFrame.decode(bytes);
      return frame?.$case === "invocations" ? frame.value.invocations : [];
    });
    assert.deepEqual(
      sent.map(({ invocationId }) => invocationId),
      [1, 2, 3],
    );
    stream.finish();
  });

  fuzz(
    "stream: any frames after the handshake",
    fc.property(fc.array(frames, { minLength: 1, maxLength: 6 }), (sequence) => {
      hold([welcomeFrame, ...sequence]);
    }),
    { inputs: 800 },
  );

  fuzz(
    "stream: any frames as the handshake",
    fc.property(fc.oneof(mutations([welcomeFrame]), frames), frames, (first, second) => {
      hold([first, second]);
    }),
    { inputs: 800 },
  );
});

function hold(sequence: readonly Buffer[]): void {
  const stream = new FuzzedStream();
  for (const frame of sequence) {
    decodeOwing(
      frame.length,
      () => stream.receive(frame),
      () => false,
    );
  }
  const written = stream.frames.map((frame) => RuntimeFrame.decode(frame).frame);
  const errors = written.filter((frame) => frame?.$case === "error");
  for (const { value } of errors) assertNamesClause(value);
  assert.ok(errors.length <= 1, "one error ends a stream");
  if (errors.length === 1) assert.equal(written.at(-1)?.$case, "error", "nothing follows it");
  stream.finish();
}
