import type { Data } from "../../suite/data.js";
import type { RuntimeCase } from "./runtime-case.js";
import { blamesTheBreaker } from "./scenarios/blame.js";
import { dialsAgain, pingsWhoDialled, pingsWhomItDialled } from "./scenarios/connections.js";
import { exactlyOnce } from "./scenarios/exactly-once.js";
import { oversizeFrame, validHello } from "./scenarios/handshake.js";
import {
  batchedInvocations,
  drainsOnStop,
  floodFromAFunction,
  largeMessages,
  oneAtATime,
  takesInOrder,
} from "./scenarios/invocations.js";
import { manyLeases } from "./scenarios/many-leases.js";
import {
  creditComesBack,
  failsUncounted,
  failsUntilParked,
  killsItsServer,
  longId,
  manyEffects,
  oversizeValue,
} from "./scenarios/results.js";
import {
  dialsByTls,
  restrictsTypes,
  servesMutualTls,
  servesTls,
  showsWhoItIs,
  wantsAuthorization,
} from "./scenarios/security.js";
import { eagerReply, replyOfTwo, tooMuchState, wideStateRequest } from "./scenarios/state.js";

/** A part of a case that is easier to say as a program than as steps. */
export type RuntimeScenario = (
  testCase: RuntimeCase,
  parameters: { readonly [key: string]: Data },
) => Promise<void>;

/** By the name that suites use. */
export const runtimeScenarios: { readonly [name: string]: RuntimeScenario } = {
  "batched-invocations": batchedInvocations,
  "blames-the-breaker": blamesTheBreaker,
  "credit-comes-back": creditComesBack,
  "dials-again": dialsAgain,
  "dials-by-tls": dialsByTls,
  "drains-on-stop": drainsOnStop,
  "eager-reply": eagerReply,
  "exactly-once": exactlyOnce,
  "fails-uncounted": failsUncounted,
  "fails-until-parked": failsUntilParked,
  "flood-from-a-function": floodFromAFunction,
  "kills-its-server": killsItsServer,
  "large-messages": largeMessages,
  "long-id": longId,
  "many-effects": manyEffects,
  "many-leases": manyLeases,
  "one-at-a-time": oneAtATime,
  "oversize-frame": oversizeFrame,
  "oversize-value": oversizeValue,
  "pings-who-dialled": pingsWhoDialled,
  "pings-whom-it-dialled": pingsWhomItDialled,
  "reply-of-two": replyOfTwo,
  "restricts-types": restrictsTypes,
  "serves-mutual-tls": servesMutualTls,
  "serves-tls": servesTls,
  "shows-who-it-is": showsWhoItIs,
  "takes-in-order": takesInOrder,
  "too-much-state": tooMuchState,
  "valid-hello": validHello,
  "wants-authorization": wantsAuthorization,
  "wide-state-request": wideStateRequest,
};
