"""The hours of the flights, served in Python.

    python hours.py [HOST:PORT]

Serves there (127.0.0.1:7500); the first line printed is the address. FLIGHTS_ATTACH_TO names runtimes to
dial as well, separated by commas.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TypedDict

from statewire import Context, FunctionServer, State, StatefulFunction, States, types

LATE_MINUTES = 15
"""The airlines' own measure of late."""


class Flight(TypedDict):
    """What travels between the functions, whatever language they are in: see ../src/messages.ts."""

    date: str
    delay: int
    distance: int
    origin: str
    destination: str


class Tally(TypedDict):
    """What is counted about the flights of an hour, in minutes."""

    flights: int
    delayMinutes: int
    lateFlights: int
    worstMinutes: int


FLIGHT = types.json("flights/flight", Flight)


class Hour(States):
    """What an hour keeps."""

    departures = State(types.json("flights/tally", Tally))


hour = StatefulFunction("flights/hour", Hour)
"""An hour of the day; its id is "00" to "23". It counts the flights that departed in it."""


@hour.on(FLIGHT)
def depart(ctx: Context[Hour], flight: Flight) -> None:
    """Counts a flight."""
    ctx.state.departures = add_flight(ctx.state.departures, flight["delay"])


def add_flight(tally: Tally | None, delay: int) -> Tally:
    """The tally with one more flight; None is the tally of none."""
    late = int(delay >= LATE_MINUTES)
    if tally is None:
        return Tally(flights=1, delayMinutes=delay, lateFlights=late, worstMinutes=delay)
    return Tally(
        flights=tally["flights"] + 1,
        delayMinutes=tally["delayMinutes"] + delay,
        lateFlights=tally["lateFlights"] + late,
        worstMinutes=max(tally["worstMinutes"], delay),
    )


async def main(address: str) -> None:
    """Serves until SIGTERM, then drains."""
    runtimes = os.environ.get("FLIGHTS_ATTACH_TO", "")
    attach_to = runtimes.split(",") if runtimes else []
    async with FunctionServer([hour], address=address, attach_to=attach_to) as server:
        print(server.address, flush=True)
        stopped = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7500"))
