import type { Data } from "../../suite/data.js";
import type { RuntimeCase } from "./runtime-case.js";

/** A part of a case that is easier to say as a program than as steps. */
export type RuntimeScenario = (
  testCase: RuntimeCase,
  parameters: { readonly [key: string]: Data },
) => Promise<void>;

/** By the name that suites use. */
export const runtimeScenarios: { readonly [name: string]: RuntimeScenario } = {};
