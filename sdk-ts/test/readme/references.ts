import { address, functionReference, statefulFunction, typed, types } from "@statewire/sdk";

const billing = functionReference("finance/billing", types.long);

export const jobs = statefulFunction("jobs/*", {
  handle(ctx, message) {
    // Without `accepts` the message is { typename, value }, as it came.
    ctx.send(billing.at(ctx.self.id), 100n);
    ctx.send(jobs.at("archive", ctx.self.id), message);
    ctx.send(address("legacy/log", "all"), typed(types.string, ctx.self.type));
    if (ctx.caller !== undefined) {
      ctx.send(ctx.caller, typed(types.bool, true));
    }
  },
});
