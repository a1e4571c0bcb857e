from statewire import Context, FunctionServer, State, StatefulFunction, States, types


class Counter(States):
    count = State(types.INT, default=0)


counter = StatefulFunction("shop/counter", Counter)


@counter.on(types.INT, replies=types.INT)
def add(ctx: Context[Counter], amount: int) -> int:
    ctx.state.count += amount
    return ctx.state.count


if __name__ == "__main__":
    server = FunctionServer([counter], address="127.0.0.1:7500")
    server.run(on_start=lambda started: print("listening on", started.address, flush=True))
