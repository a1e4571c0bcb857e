import { FunctionFailure, state, statefulFunction, types } from "@statewire/sdk";

interface Document {
  title: string;
  pages: string[];
}

export const archive = statefulFunction("office/archive", {
  states: {
    reads: state(types.int, { expireAfterInvocationMs: 3_600_000 }),
    document: state(types.json<Document>("office/document"), { lazy: true }),
  },
  accepts: types.int,
  replies: types.string,
  async handle(ctx, page) {
    ctx.state.reads.set((ctx.state.reads.get() ?? 0) + 1);
    const document = await ctx.state.document.get();
    if (document === undefined) {
      throw new FunctionFailure(`no document ${ctx.self.id}`, { retryable: false });
    }
    ctx.reply(document.pages[page] ?? "");
  },
});
