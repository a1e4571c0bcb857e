export { createFetchHandler } from "./fetch-handler.js";
export type { HttpOptions } from "./http-options.js";
export {
  createLambdaHandler,
  type LambdaHttpEvent,
  type LambdaHttpResult,
} from "./lambda-handler.js";
export { createNodeHandler, type NodeRequest, type NodeResponse } from "./node-handler.js";
