import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations, textMutations } from "@statewire/fuzz/mutation.js";
import fc from "fast-check";
import { ViolationError } from "./ingress-codec.js";
import {
  decodePlaygroundRecord,
  decodePlaygroundSend,
  parseTopicPath,
} from "./playground-codec.js";

// Goal: whatever reaches the playground's ports is a request or is refused, and whatever a function calls
// a record is one or is refused. Method: valid ones with changes.

const limits = { valueBytesMax: 60, idBytesMax: 20, requestBytesMax: 2000 };

const paths = textMutations(
  ["/example/person/Bob", "/a/b/c%2Fd?query=1", "/caf%C3%A9/x/%ED%A0%80"],
  ["/", "%", "%00", "%ff", "?", "#", "..", "\u0000", "é", "*"],
);
const types = textMutations(
  ["application/vnd.example/Greet", "text/plain", "application/vnd.a/b; charset=x"],
  ["", "\u0000", "é", ";", "/", "\t"],
);

function allowsViolation<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof ViolationError, String(error));
    assert.ok(error.message.length < 500);
    return undefined;
  }
}

describe("what the playground takes", () => {
  fuzz(
    "playground-request",
    fc.property(paths, types, fc.uint8Array({ maxLength: 80 }), (url, type, body) => {
      const headers = { "content-type": Buffer.from(type).toString("latin1") };
      const send = allowsViolation(() => decodePlaygroundSend(url, headers, body, limits));
      if (send !== undefined) assert.equal(send.message.value, body);
      allowsViolation(() => parseTopicPath(url));
    }),
  );

  const records = [
    '{"topic":"greetings","payload":"Hello"}',
    '{"topic":"t","payload":1}',
    '{"topic":"t","payload":{"a":[]}}',
  ].map((text) => Buffer.from(text));
  fuzz(
    "playground-record",
    fc.property(mutations(records), (value) => {
      const typename = "io.statefun.playground/EgressRecord";
      const record = decodePlaygroundRecord({ typename, value });
      if (typeof record === "object") assert.equal(typeof record.topic, "string");
    }),
  );
});
