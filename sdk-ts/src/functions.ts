/*
 * All that declares functions, and nothing that serves them by gRPC: it runs where there is no Node.
 */
export { type Address, address, formatAddress } from "./address.js";
export type { Context, DelayOptions, Destination, MessageFor, ReplyOf, Target } from "./context.js";
export { type DeadLetter, deadLetterType } from "./dead-letter.js";
export { type Egress, egress } from "./egress.js";
export {
  FunctionFailure,
  type FunctionFailureOptions,
  StatewireError,
  type StatewireErrorCode,
} from "./errors.js";
export {
  type AddressBuilder,
  type AnyStatefulFunction,
  type FunctionReference,
  type FunctionSpecification,
  functionReference,
  type StatefulFunction,
  statefulFunction,
} from "./function.js";
export type { ReversibleSchema } from "./json-type.js";
export type { Accepts, MessageOf, ReceivedMessage, SendableTo } from "./message.js";
export { messageType, type ProtoCodec, type SimpleCodec } from "./message-type.js";
export {
  type EagerState,
  type LazyState,
  type StateAccess,
  type StateDeclaration,
  type StateDeclarations,
  type StateExpiration,
  type StateOptions,
  state,
} from "./state.js";
export type { Type, ValueOf } from "./type.js";
export { fromTypedValue, type Typed, type TypedValue, typed } from "./typed-value.js";
export { types } from "./types.js";
