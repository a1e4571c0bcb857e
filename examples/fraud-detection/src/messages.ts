import { egress, functionReference, messageType, types } from "@statewire/sdk";
import { z } from "zod";

const paymentSchema = z.object({
  account: z.string(),
  merchant: z.string(),
  /** In dollars. */
  amount: z.int(),
});

export type Payment = z.infer<typeof paymentSchema>;

/** From outside to a transaction, whose id is the payment's: is this a fraud? */
export const payment = messageType("fraud/payment", paymentSchema);

/** From outside to a counter, whose id is the account: it had a fraud. */
export const confirmedFraud = messageType("fraud/confirmed-fraud", z.object({}));

/** From a transaction to a counter and a merchant, which answer whoever asks. */
export const question = messageType("fraud/question", z.object({}));

/** The answers that a transaction waits for. */
export const fraudCount = messageType("fraud/fraud-count", types.int);
export const merchantRisk = messageType("fraud/merchant-risk", types.int);
export const score = messageType("fraud/score", types.int);

/** From a transaction to the model. */
export const features = messageType(
  "fraud/features",
  z.object({ amount: z.int(), fraudCount: z.int(), merchantRisk: z.int() }),
);

const alertSchema = paymentSchema.extend({ transaction: z.string(), score: z.int() });

export type Alert = z.infer<typeof alertSchema>;

/** A transaction that looks like a fraud, for whoever subscribes. */
export const alertType = types.json("fraud/alert", alertSchema);
export const alerts = egress("fraud/alerts", alertType);

/** The functions know one another by these names. */
export const transactions = functionReference("fraud/transaction", [
  payment,
  fraudCount,
  merchantRisk,
  score,
]);
export const counters = functionReference("fraud/counter", [confirmedFraud, question]);
export const merchants = functionReference("fraud/merchant", question);
export const models = functionReference("fraud/model", features);
