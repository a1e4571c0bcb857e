import { encodeAs } from "../input-context.js";
import { type Accepts, isTypeList } from "../message.js";
import type { TypedValue } from "../typed-value.js";

/** A message for a function that accepts this, as `ctx.send` would encode it. */
export function toTypedValue(accepts: Accepts, message: unknown): TypedValue {
  return encodeAs(isTypeList(accepts) ? undefined : accepts, message);
}
