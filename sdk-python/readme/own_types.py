from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel

from statewire import Context, StatefulFunction, States, Type, types


class Order(BaseModel):
    item: str


ORDER = types.json("shop/order", Order)
TEXT = Type("shop/text", encode=str.encode, decode=bytes.decode)

desk = StatefulFunction("shop/desk")


@desk.on(ORDER)
def take_order(ctx: Context[States], order: Order) -> None:
    ctx.send(desk.at("journal"), TEXT(order.item))


@desk.on(Timestamp)
def note_time(ctx: Context[States], time: Timestamp) -> None:
    ctx.send(desk.at("journal"), time)


@desk.on(TEXT)
def note_text(ctx: Context[States], text: str) -> None:
    ctx.send(desk.at("archive"), ORDER(Order(item=text)))
