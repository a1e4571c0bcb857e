from statewire import Address, Context, StatefulFunction, States, TypedValue, types

jobs = StatefulFunction("jobs/*")


@jobs.on_any()
def run_job(ctx: Context[States], message: TypedValue) -> None:
    # ctx.self is jobs/TYPE/ID; the message is its typename and its bytes, as it came.
    ctx.send(Address("finance/billing", ctx.self.id), types.LONG(100))
    ctx.send(jobs.at("archive", ctx.self.id), message)
    if ctx.caller is not None:
        ctx.send(ctx.caller, types.BOOL(True))
