import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations, textMutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import type { HttpHeaders } from "./http-headers.js";
import { encodeHttpReply } from "./http-reply-codec.js";
import type { HttpTarget } from "./http-request-codec.js";
import {
  decodeHttpCall,
  decodeHttpSend,
  parseIngressPath,
  readTimeoutMs,
} from "./http-request-codec.js";
import { ViolationError } from "./ingress-codec.js";

// Goal: whatever a path, headers and a body say is a request, or is refused with the name of the part
// that is wrong; and any reply has a form. Method: valid ones with changes, as node:http hands them on:
// one character a byte.

const limits = { valueBytesMax: 60, idBytesMax: 20, requestBytesMax: 2000 };

const names =
  /^(path|unknown header|charset|content-encoding|target|namespace|type|id|typename|statewire-[a-z]+|header|body|message|content-type|idempotency[ -]key|source|sequence|delay)\b/;

function isRefusal(error: unknown): boolean {
  if (!(error instanceof ViolationError)) return false;
  assert.match(error.message, names);
  assert.ok(error.message.length < 500, `a message of ${error.message.length}`);
  return true;
}

/** Text as node:http reads it. */
function asHeader(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const paths = textMutations(
  ["/v1/send/example/counter/ann", "/v1/call/a/b/c%2Fd?query=1", "/v1/send/caf%C3%A9/x/%ED%A0%80/"],
  ["/", "%", "%00", "%ff", "?", "#", "..", "%2e%2e%2f", "\u0000", "é", "*"],
);

const values: Readonly<Record<string, readonly string[]>> = {
  "content-type": [
    "application/json",
    "text/plain; charset=utf-8",
    "application/vnd.example/ping",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
  ],
  "statewire-typename": ["example/ping", "io.statefun.types/long", "io.statefun.types/string"],
  "statewire-value": ["absent"],
  "statewire-source": ["producer"],
  "statewire-sequence": ["7", "9007199254740993"],
  "statewire-delay": ["5000", "-1", "1e9", "99999999999999999999"],
  "statewire-timeout": ["1000", "0"],
  "idempotency-key": ["key"],
  "content-encoding": ["gzip"],
  "statewire-typo": ["1"],
  traceparent: ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
};

const headers: fc.Arbitrary<HttpHeaders> = fc.record(
  Object.fromEntries(
    Object.entries(values).map(([name, examples]) => [
      name,
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...examples) },
        textMutations(examples, ["", "\u0000", "é", ";", "/", "\t", "é".repeat(200)]).map(asHeader),
      ),
    ]),
  ),
  { requiredKeys: [] },
);

const nested = 20_000;
const bodies = fc.oneof(
  mutations(
    ['{"name":"Ann","list":[1,2]}', '"text"', "12", "true", "1.5", "", "-0"].map((text) =>
      Buffer.from(text),
    ),
  ),
  fc.constantFrom(
    Buffer.from("[".repeat(nested)),
    Buffer.from(`${"[".repeat(nested)}${"]".repeat(nested)}`),
    Buffer.from("9".repeat(100_000)),
    Buffer.from(`"${"\\u".repeat(nested)}"`),
  ),
);

const target: HttpTarget = { verb: "send", typeName: "example/counter", id: "ann" };

describe("HTTP requests, of any bytes", () => {
  fuzz(
    "http: path",
    fc.property(paths.map(asHeader), (path) => {
      const found = decodeOwing(path.length, () => parseIngressPath(path, limits), isRefusal);
      if (found === undefined) return;
      const again = ["", "v1", found.verb, ...found.typeName.split("/"), found.id];
      assert.deepEqual(parseIngressPath(again.map(encodeURIComponent).join("/"), limits), found);
    }),
    { inputs: 2000 },
  );

  fuzz(
    "http: headers and body",
    fc.property(headers, bodies, (sent, body) => {
      const send = decodeOwing(
        body.length,
        () => decodeHttpSend(target, sent, body, limits),
        isRefusal,
      );
      const call = decodeOwing(
        body.length,
        () => decodeHttpCall(target, sent, body, limits),
        isRefusal,
      );
      decodeOwing(0, () => readTimeoutMs(sent), isRefusal);
      if (send !== undefined && call !== undefined) assert.deepEqual(send.message, call.message);
    }),
    { inputs: 1500 },
  );

  fuzz(
    "http: reply",
    fc.property(
      fc.oneof(fc.constantFrom("io.statefun.types/string", "application/json"), fc.string()),
      fc.option(bodies),
      fc.option(
        textMutations(["application/json, */*;q=0.1", "text/html"], [",", ";", "q=0", "*/*"]),
        { nil: undefined },
      ),
      (typename, value, accept) => {
        const reply = decodeOwing(
          value?.length ?? 0,
          () => encodeHttpReply({ typename, value }, accept),
          () => false,
        );
        // What node:http refuses as the value of a header.
        assert.doesNotMatch(reply?.typename ?? "", /[^\t\x20-\x7e\x80-\xff]/);
        assert.doesNotMatch(reply?.contentType ?? "", /[^\t\x20-\x7e\x80-\xff]/);
      },
    ),
    { inputs: 500 },
  );
});
