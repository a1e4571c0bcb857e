import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { RequestReplyNode } from "./support/request-reply-node.js";
import {
  type AnswerOptions,
  address,
  encode,
  mutation,
  spec,
  text,
} from "./support/request-reply-server.js";

// Goal: no answer hurts more than the address that it is for: it is parked with a reason that says what
// to mend, and others go on. Method: a real node, and a server that answers what no function server
// should. The transport gives up at once, so that each attempt counts.

const octets = { "content-type": "application/octet-stream" };
const packed = (encoding: string) => ({ headers: { ...octets, "content-encoding": encoding } });

interface Poison {
  readonly what: string;
  readonly body: Uint8Array;
  readonly options?: AnswerOptions;
  readonly reason: RegExp;
}

const target = address("example/b/y");
const delayed = { target, argument: text("x"), delayInMs: 1 };
const token = { isCancellationRequest: false, cancellationToken: "" };

function result(parts: object): Buffer {
  const nothing = {
    stateMutations: [],
    outgoingMessages: [],
    delayedInvocations: [],
    outgoingEgresses: [],
  };
  return encode({ response: { $case: "invocationResult", value: { ...nothing, ...parts } } });
}

function incomplete(...missingValues: ReturnType<typeof spec>[]): Buffer {
  return encode({ response: { $case: "incompleteInvocationContext", value: { missingValues } } });
}

const whole = result({ outgoingMessages: [{ target, argument: text("x".repeat(100)) }] });

const poisons: readonly Poison[] = [
  {
    what: "that is cut off",
    body: whole.subarray(0, whole.length - 1),
    reason: /protocolError: .*bytes are not a FromFunction/,
  },
  {
    what: "that is a page",
    body: Buffer.from("<html>hello</html>"),
    reason: /protocolError: .*bytes are not a FromFunction/,
  },
  {
    what: "of another content type",
    body: whole,
    options: { headers: { "content-type": "text/html; charset=utf-8" } },
    reason:
      /protocolError: .*answer with content-type text\/html: expected application\/octet-stream/,
  },
  {
    what: "without a content type",
    body: whole,
    options: { headers: {} },
    reason: /protocolError: .*answer with no content-type/,
  },
  {
    what: "of status 404",
    body: whole,
    options: { status: 404 },
    reason: /function: .*answer 404 Not Found/,
  },
  {
    what: "that redirects",
    body: whole,
    options: { status: 307, headers: { ...octets, location: "/elsewhere" } },
    reason: /function: .*answer 307 Temporary Redirect/,
  },
  {
    what: "that is not packed as it says",
    body: whole,
    options: packed("gzip"),
    reason: /protocolError: .*answer that is not gzip/,
  },
  {
    what: "that is packed in another way",
    body: whole,
    options: packed("br"),
    reason: /protocolError: .*content-encoding br: expected gzip or deflate/,
  },
  {
    what: "that unpacks to far more than it is",
    body: gzipSync(Buffer.alloc(40_000_000)),
    options: packed("gzip"),
    reason: /protocolError: .*unpacks to more than payload_max_bytes 33554432/,
  },
  {
    what: "with a state of the wrong type",
    body: result({ stateMutations: [mutation("count", "1", "other/type")] }),
    reason: /badResult: state_mutations\[0\]: state "count" as "other\/type"/,
  },
  {
    what: "with a state that is not registered",
    body: result({ stateMutations: [mutation("other", "1")] }),
    reason: /badResult: state_mutations\[0\]: state "other", which is not registered/,
  },
  {
    what: "with a negative delay",
    body: result({ delayedInvocations: [{ ...delayed, ...token, delayInMs: -5 }] }),
    reason: /badResult: delayed_invocations\[0\]: delay of -5 ms/,
  },
  {
    what: "with a cancellation of nothing",
    body: result({ delayedInvocations: [{ ...delayed, ...token, isCancellationRequest: true }] }),
    reason: /badResult: delayed_invocations\[0\]: a cancellation without a token/,
  },
  {
    what: "with a token that is pending",
    body: result({
      delayedInvocations: [1, 2].map(() => ({ ...delayed, ...token, cancellationToken: "t" })),
    }),
    reason: /badResult: .*cancellation token "t" is still pending/,
  },
  {
    what: "with a record for no egress",
    body: result({
      outgoingEgresses: [{ egressNamespace: "no", egressType: "where", argument: text("x") }],
    }),
    reason: /badResult: .*unknown egress no\/where; known: example\/out/,
  },
  {
    what: "with a message to no type",
    body: result({
      outgoingMessages: [{ target: { ...target, namespace: "" }, argument: text("x") }],
    }),
    reason: /badResult: outgoing_messages\[0\]: target "\/b" is not namespace\/type/,
  },
  {
    what: "with a value that is too large",
    body: result({ stateMutations: [mutation("count", "x".repeat(2000))] }),
    reason: /badResult: state_mutations\[0\]: value of 2000 bytes exceeds valueBytesMax 1024/,
  },
  {
    what: "that asks for a state that it has",
    body: incomplete(spec("count")),
    reason: /badResult: missing_values\[0\]: state "count" is said to be missing, and was sent/,
  },
  {
    what: "that asks for states, and names none",
    body: incomplete(),
    reason: /badResult: states are missing, and the answer names none/,
  },
];

describe("an answer of an HTTP function server", () => {
  let at: RequestReplyNode;

  beforeEach(() => {
    at = new RequestReplyNode();
  });

  afterEach(() => at.stop());

  for (const { what, body, options, reason } of poisons) {
    it(`${what} parks its address and no other`, async () => {
      // Of the two rules, this one tries less again by itself.
      const transport = "type: io.statefun.transports.v1/okhttp";
      await at.start([`transport: {${transport}}`], { valueBytesMax: 1024 });
      await at.node.send("example/a/x", "poison");
      await at.node.send("example/a/y", "other");
      const isOtherServed = new Promise<void>((resolve) => {
        at.server.serve((request) => {
          if (!("count" in request.states)) request.incomplete(spec("count"));
          else if (request.target === "example/a/x") request.send(body, options);
          else {
            request.respond();
            resolve();
          }
        });
      });
      await isOtherServed;
      assert.match(await at.parked(), new RegExp(`^example/a/x: (${reason.source})`));
    });
  }
});
