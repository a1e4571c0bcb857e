import type { Identity } from "../subject/certificate.js";
import { type Identities, identities } from "../subject/identities.js";
import { type DialledStream, type KitRole, KitServer } from "../subject/kit-server.js";
import { variables } from "../subject/told.js";
import type { Trace } from "../wire/trace.js";
import { CaseFailure } from "./case-failure.js";
import { authorization, dialAs, serveAs, tlsEnvironment } from "./credentials.js";
import { stepMs } from "./events.js";
import { show } from "./match.js";
import { patienceMs } from "./patience.js";

/** What both kinds of cases are to the functions here. */
interface DiallingCase {
  readonly trace: Trace;
  startAs(told: {
    readonly environment: { readonly [name: string]: string };
    readonly credentials: ReturnType<typeof dialAs>;
  }): Promise<unknown>;
  onClose(close: () => unknown): void;
}

/** In which a subject that trusts the wrong one opens a stream: several attempts. */
const impostorMs = 2000;

/**
 * The subject dials two who are not whom it looks for, in vain, and then the kit itself.
 *
 * @returns The stream that it opens to the kit. [TLS-1]
 */
export async function expectVerifiedDial(
  testCase: DiallingCase,
  role: KitRole,
): Promise<DialledStream> {
  const all = identities();
  const stranger = openKit(testCase, role);
  const address = await stranger.listen(0, serveAs(all, all.stranger));
  await startDialling(testCase, all, { [variables.dial]: address });
  await expectNoStream(stranger, "a certificate of another authority");
  const port = Number(address.split(":")[1]);
  const elsewhere = await follow(testCase, { role, port, all, as: all.elsewhere });
  await expectNoStream(elsewhere, "a certificate for another host");
  return takeStream(await follow(testCase, { role, port, all, as: all.kit }));
}

/** The subject shows a certificate and sends its authorization to whom it dials. [TLS-2] */
export async function expectToBeShown(testCase: DiallingCase, role: KitRole): Promise<void> {
  const all = identities();
  const kit = openKit(testCase, role);
  const address = await kit.listen(0, serveAs(all, all.kit));
  await startDialling(testCase, all, {
    [variables.dial]: address,
    [variables.authorization]: authorization,
  });
  const { metadata, showedCertificate } = await takeStream(kit);
  if (!showedCertificate) throw new CaseFailure("expected a certificate, received none");
  const [sent] = metadata.get("authorization");
  if (sent !== authorization)
    throw new CaseFailure(`authorization: expected ${authorization}, received ${show(sent)}`);
}

/** A server of the kit, until the case ends. */
export function openKit(
  testCase: Pick<DiallingCase, "trace" | "onClose">,
  role: KitRole,
): KitServer {
  const kit = new KitServer(role, testCase.trace);
  testCase.onClose(() => kit.close());
  return kit;
}

async function startDialling(
  testCase: DiallingCase,
  all: Identities,
  more: { readonly [name: string]: string },
): Promise<void> {
  const environment = { ...tlsEnvironment(true), ...more };
  await testCase.startAs({ environment, credentials: dialAs(all, all.kit) });
}

/** Who listens where another one did before. */
async function follow(
  testCase: DiallingCase,
  parts: {
    readonly role: KitRole;
    readonly port: number;
    readonly all: Identities;
    readonly as: Identity;
  },
): Promise<KitServer> {
  const kit = openKit(testCase, parts.role);
  await kit.listen(parts.port, serveAs(parts.all, parts.as));
  return kit;
}

async function expectNoStream(kit: KitServer, what: string): Promise<void> {
  const dialled = await kit.next(impostorMs);
  if (dialled !== undefined) throw new CaseFailure(`expected no stream to ${what}, received one`);
  kit.close();
}

async function takeStream(kit: KitServer): Promise<DialledStream> {
  const dialled = await kit.next(patienceMs(10 * stepMs));
  if (dialled !== undefined) return dialled;
  throw new CaseFailure("expected it to dial the kit, received no stream");
}
