from statewire import Context, FunctionServer, StatefulFunction, States, types

worker = StatefulFunction("shop/worker")


@worker.on(types.INT)
def work(ctx: Context[States], amount: int) -> None: ...


if __name__ == "__main__":
    FunctionServer([worker], attach_to="127.0.0.1:7410").run()
