import Table from "cli-table3";
import { median } from "../figures.js";
import type { GoalResult } from "../goals.js";
import {
  figureNames,
  figureRounds,
  medianOfRounds,
  type SeriesResult,
  type SubjectResult,
} from "../rounds.js";
import { formatFigure, formatPrecise } from "./format-figure.js";

/** Columns apart by two spaces, no lines: what a terminal shows is what a text file keeps. */
const plain = {
  chars: {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};

/** Every series of a subject, one line per figure, beside its floor. */
export function renderSubject(result: SubjectResult): string {
  const table = new Table({
    ...plain,
    head: ["series", "", "figure", "median", "rounds", "of floor"],
    colAligns: ["left", "left", "left", "right", "left", "right"],
  });
  for (const series of result.series) {
    for (const [line, figure] of figureNames(series).entries()) {
      table.push([
        line === 0 ? series.name : "",
        line === 0 ? series.role : "",
        figure,
        formatFigure(figure, median(figureRounds(series, figure))),
        renderRange(series, figure),
        renderRatio(result, series, figure),
      ]);
    }
  }
  return table.toString();
}

/** Every goal: measured, wanted, met or missed. */
export function renderGoals(goals: readonly GoalResult[]): string {
  const table = new Table({
    ...plain,
    head: ["goal", "measured", "wanted", ""],
    colAligns: ["left", "right", "left", "left"],
  });
  for (const goal of goals) {
    const bound =
      "atLeast" in goal.bound ? `at least ${goal.bound.atLeast}` : `at most ${goal.bound.atMost}`;
    const measured = goal.measured === null ? "-" : `${formatPrecise(goal.measured)} ${goal.unit}`;
    table.push([`${goal.subject}: ${goal.says}`, measured, `${bound} ${goal.unit}`, goal.verdict]);
  }
  return table.toString();
}

function renderRange(series: SeriesResult, figure: string): string {
  const rounds = figureRounds(series, figure);
  if (rounds.length < 2) return "";
  const low = formatFigure(figure, Math.min(...rounds));
  return `${low} to ${formatFigure(figure, Math.max(...rounds))}`;
}

function renderRatio(result: SubjectResult, series: SeriesResult, figure: string): string {
  if (series.floor === null) return "";
  const value = medianOfRounds(result, (lookup) => {
    const own = lookup(`${series.name}.${figure}`);
    const floor = lookup(`${series.floor}.${figure}`);
    return own === undefined || floor === undefined ? undefined : own / floor;
  });
  return value === undefined ? "" : `${formatPrecise(value)} x`;
}
