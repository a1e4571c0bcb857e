from dataclasses import dataclass
from datetime import timedelta

from statewire import Context, FunctionFailure, LazyState, State, StatefulFunction, States, types


@dataclass
class Document:
    title: str
    pages: list[str]


class ArchiveStates(States):
    reads = State(types.INT, default=0, expire_after_invocation=timedelta(hours=1))
    document = LazyState(types.json("office/document", Document))


archive = StatefulFunction("office/archive", ArchiveStates)


@archive.on(types.INT, replies=types.STRING)
async def read(ctx: Context[ArchiveStates], page: int) -> str:
    ctx.state.reads += 1
    document = await ctx.state.document
    if document is None:
        raise FunctionFailure(f"no document {ctx.self.id}", retryable=False)
    return document.pages[page]
