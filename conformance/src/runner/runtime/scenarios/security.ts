import { credentials } from "@grpc/grpc-js";
import { identities } from "../../../subject/identities.js";
import type { Dialler } from "../../../subject/runtime.js";
import { variables } from "../../../subject/told.js";
import { CaseFailure } from "../../case-failure.js";
import { authorization, authorized, dialAs, tlsEnvironment } from "../../credentials.js";
import { nextEvent, stepMs } from "../../events.js";
import { show } from "../../match.js";
import { patienceMs } from "../../patience.js";
import { expectToBeShown, expectVerifiedDial } from "../../verified-dial.js";
import type { RuntimeCase } from "../runtime-case.js";
import type { RuntimeScenario } from "../runtime-scenarios.js";
import { dialledType, expectService, greet } from "../serve.js";

const servedType = "conformance/@main";

/** It serves its API by TLS with the certificate that it is told, and nobody without. [TLS-1] */
export const servesTls: RuntimeScenario = async (testCase) => {
  await testCase.startAs({
    environment: tlsEnvironment(false),
    credentials: dialAs(identities()),
  });
  await works(testCase, {});
  await refuses(testCase, "clear text", { credentials: credentials.createInsecure() });
};

/** It takes only peers that show a certificate of the authority that it is told. [TLS-2] [TLS-3] */
export const servesMutualTls: RuntimeScenario = async (testCase) => {
  const all = identities();
  await testCase.startAs({
    environment: tlsEnvironment(true),
    credentials: dialAs(all, all.kit),
  });
  await works(testCase, {});
  await refuses(testCase, "a server without certificate", { credentials: dialAs(all) });
  const stranger = { credentials: dialAs(all, all.stranger) };
  await refuses(testCase, "a certificate of another authority", stranger);
};

/** It takes only function servers that send the authorization that it is told. [TLS-2] */
export const wantsAuthorization: RuntimeScenario = async (testCase) => {
  await testCase.startAs({ environment: { [variables.authorization]: authorization } });
  await works(testCase, { metadata: authorized(authorization) });
  await refuses(testCase, "no authorization", {}, "UNAUTHENTICATED");
  const other = { metadata: authorized(`${authorization}x`) };
  await refuses(testCase, "another authorization", other, "UNAUTHENTICATED");
};

/** A peer may not offer function types that its authorization is not for. [TLS-3] */
export const restrictsTypes: RuntimeScenario = async (testCase) => {
  await testCase.startAs({ environment: { [variables.authorization]: authorization } });
  const session = testCase.attach("greedy", { metadata: authorized(authorization) });
  await greet(testCase, session, "elsewhere/@main");
  const { fields } = await nextEvent(session, ["end"], 2 * stepMs);
  if (fields["status"] !== "PERMISSION_DENIED")
    throw new CaseFailure(`elsewhere/main: expected PERMISSION_DENIED, received ${show(fields)}`);
};

/** It dials by TLS, opens a stream only to whom it can verify, and uses it. [TLS-1] */
export const dialsByTls: RuntimeScenario = async (testCase) => {
  const { stream } = await expectVerifiedDial(testCase, "functionServer");
  await greet(testCase, testCase.take("dialled", stream), dialledType);
  await expectService(testCase, dialledType);
};

/** It shows a certificate and sends its authorization to the function server that it dials. [TLS-2] */
export const showsWhoItIs: RuntimeScenario = (testCase) => {
  return expectToBeShown(testCase, "functionServer");
};

async function works(testCase: RuntimeCase, as: Dialler): Promise<void> {
  await greet(testCase, testCase.attach("known", as), servedType);
  await expectService(testCase, servedType);
}

/** No Hello comes to whoever attaches like this. */
async function refuses(
  testCase: RuntimeCase,
  what: string,
  as: Dialler,
  status?: string,
): Promise<void> {
  const { stream } = testCase.attach(what, as);
  const event = await stream.events.takeWithin(patienceMs(stepMs), ({ kind }) => {
    return kind === "hello" || kind === "end";
  });
  if (event?.kind === "hello") throw new CaseFailure(`expected no Hello to ${what}`);
  if (status !== undefined && event?.fields["status"] !== status)
    throw new CaseFailure(`${what}: expected ${status}, received ${show(event?.fields)}`);
}
