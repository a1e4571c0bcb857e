import { parseAddress } from "../../src/core/address.js";
import type { SendRequest } from "../../src/ingress/ingress-port.js";
import type { Letter, Program, ProgramLimits } from "./program.js";
import { encodeLetter, letterTypename, randomProgram, targetOf } from "./program.js";
import type { World } from "./world.js";

/** A message from outside, and what is known of its fate. */
export interface Root {
  readonly to: string;
  readonly letter: Letter;
  /** sure: it has taken effect once, or will. open: once or not at all, and nobody can know. */
  fate: "unsent" | "open" | "sure";
}

const programLimits: ProgramLimits = { stepsMax: 4, depthMax: 3, ballastBytesMax: 600 };
/** Values beyond it would not fit a frame with others. */
const letterBytesMax = 32 * 1024;

/** The next message of a source. `number`: 0 when nothing is said about its order. */
export function createRoot(
  world: World,
  { source, id, number }: { readonly source: string; readonly id: string; readonly number: number },
): Root {
  const letter = { from: source, number, program: fittingProgram(world, id) };
  return { to: targetOf(id), letter, fate: "unsent" };
}

export function requestOf({ to, letter }: Root): Omit<SendRequest, "once" | "delayMs"> {
  const { typeName, id } = parseAddress(to) ?? { typeName: "", id: "" };
  const message = { typename: letterTypename, value: encodeLetter(letter) };
  return { typeName, id, message, traceparent: "" };
}

function fittingProgram({ random }: World, id: string): Program {
  for (;;) {
    const program = randomProgram(random, programLimits, id);
    if (JSON.stringify(program).length < letterBytesMax) return program;
  }
}
