import type { Data } from "../../suite/data.js";
import { dialsAgain, pingsWhoDialled, pingsWhomItDialled } from "./scenarios/connections.js";
import {
  lateResult,
  longFailure,
  longToken,
  noTimer,
  oneReplyAtMost,
  sendTargets,
} from "./scenarios/effects.js";
import { cutStreams, errorWithout } from "./scenarios/end.js";
import {
  creditOfMany,
  openWindow,
  overfillBytes,
  overfillInvocations,
  ownCredit,
  slowReader,
} from "./scenarios/flow-control.js";
import {
  batchedResults,
  declaredExpiration,
  discoverAsWelcome,
  manyTypes,
  notCompressed,
  refusedAsTooLarge,
  takesOrRefuses,
  validTable,
} from "./scenarios/handshake.js";
import { lazyAfterLease, manyLeases } from "./scenarios/leases.js";
import { manyKeys } from "./scenarios/many-keys.js";
import {
  dialsByTls,
  servesMutualTls,
  servesTls,
  showsWhoItIs,
  wantsAuthorization,
} from "./scenarios/security.js";
import type { SdkCase } from "./sdk-case.js";

/** A part of a case that is easier to say as a program than as steps. */
export type Scenario = (
  testCase: SdkCase,
  parameters: { readonly [key: string]: Data },
) => Promise<void>;

/** By the name that suites use. */
export const scenarios: { readonly [name: string]: Scenario } = {
  "batched-results": batchedResults,
  "credit-of-many": creditOfMany,
  "cut-streams": cutStreams,
  "declared-expiration": declaredExpiration,
  "dials-again": dialsAgain,
  "dials-by-tls": dialsByTls,
  "discover-as-welcome": discoverAsWelcome,
  "error-without": errorWithout,
  "late-result": lateResult,
  "lazy-after-lease": lazyAfterLease,
  "long-failure": longFailure,
  "long-token": longToken,
  "many-keys": manyKeys,
  "many-leases": manyLeases,
  "many-types": manyTypes,
  "no-timer": noTimer,
  "not-compressed": notCompressed,
  "one-reply-at-most": oneReplyAtMost,
  "open-window": openWindow,
  "overfill-bytes": overfillBytes,
  "overfill-invocations": overfillInvocations,
  "own-credit": ownCredit,
  "pings-who-dialled": pingsWhoDialled,
  "pings-whom-it-dialled": pingsWhomItDialled,
  "refused-as-too-large": refusedAsTooLarge,
  "send-targets": sendTargets,
  "serves-mutual-tls": servesMutualTls,
  "serves-tls": servesTls,
  "shows-who-it-is": showsWhoItIs,
  "slow-reader": slowReader,
  "takes-or-refuses": takesOrRefuses,
  "valid-table": validTable,
  "wants-authorization": wantsAuthorization,
};
