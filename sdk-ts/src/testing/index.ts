export type { RetryOptions } from "./failure-policy.js";
export type { ParkedAddress } from "./parked-addresses.js";
export type { StateValues } from "./run-function.js";
export { type FunctionOutcome, type FunctionRun, runFunction } from "./run-function.js";
export { SentMessage } from "./sent-message.js";
export { TestApplication } from "./test-application.js";
export type { TestApplicationOptions } from "./test-application-options.js";
