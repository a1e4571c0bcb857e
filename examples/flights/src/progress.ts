import { Presets, SingleBar } from "cli-progress";

/** How far the flights are. */
export interface Progress {
  /** Flights that have departed, of all. */
  update(flights: number, messagesWaiting: number): void;
  /** A line for people, without disturbing the bar. */
  say(line: string): void;
  /** Afterwards nothing is drawn any more. */
  stop(): void;
}

/** Between two lines where there is no terminal, as a share of all flights. */
const lineShare = 0.25;

/** A bar on a terminal, else a line now and then; on standard error: it is not data. */
export function startProgress(total: number): Progress {
  return process.stderr.isTTY ? startBar(total) : startLines(total);
}

function startBar(total: number): Progress {
  const bar = new SingleBar(
    {
      format:
        "  {bar} {percentage} %  {value} of {total} departed, {waiting} messages waiting, {duration} s",
      hideCursor: true,
      gracefulExit: false,
      stream: process.stderr,
      barsize: 30,
    },
    Presets.shades_classic,
  );
  const stopBar = () => bar.stop();
  // The bar hides the cursor: whatever ends the process gives it back.
  process.once("exit", stopBar);
  bar.start(total, 0, { waiting: 0 });
  let flights = 0;
  let waiting = 0;
  return {
    update(flightsNow, waitingNow) {
      flights = flightsNow;
      waiting = waitingNow;
      bar.update(flights, { waiting });
    },
    say(line) {
      process.stderr.write(`\r\x1b[K${line}\n`);
      bar.render();
    },
    stop() {
      process.off("exit", stopBar);
      stopBar();
    },
  };
}

function startLines(total: number): Progress {
  let next = lineShare;
  return {
    update(flights, messagesWaiting) {
      if (flights < next * total) return;
      next = (Math.floor(flights / (total * lineShare)) + 1) * lineShare;
      const share = `${((100 * flights) / total).toFixed(0).padStart(3)} %`;
      console.error(
        `  ${share}  ${flights.toLocaleString("en-US")} flights, ${messagesWaiting} messages waiting`,
      );
    },
    say: (line) => console.error(line),
    stop: () => undefined,
  };
}
