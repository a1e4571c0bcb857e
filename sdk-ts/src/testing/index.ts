export type { StateValues } from "./run-function.js";
export { type FunctionOutcome, type FunctionRun, runFunction } from "./run-function.js";
export { SentMessage } from "./sent-message.js";
export {
  type ParkedAddress,
  TestApplication,
  type TestApplicationOptions,
} from "./test-application.js";
