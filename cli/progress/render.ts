import { STEPS_TOTAL, type ProgressLine } from "./snapshot.ts";
import type { ProgressView } from "./step.ts";

const BAR_COLUMNS = 50;
/** Room for the longest state's name, so that bars line up. */
const STATE_COLUMNS = 10;

/** The lines of the view on a terminal `columns` wide, none wider than that. */
export function progressLines(view: ProgressView, columns: number): readonly string[] {
  return [
    view.overall,
    ...view.lines.map((line) => barLine(line, columns)),
    ...(view.note === undefined ? [] : [`rollback: ${view.note}`]),
    ...(view.verify === undefined ? [] : [view.verify]),
  ].map((line) =>
    Array.from(line)
      .slice(0, Math.max(columns - 1, 1))
      .join(""),
  );
}

function barLine({ id, text, step }: ProgressLine, columns: number): string {
  const label = `${id}: ${text.padEnd(STATE_COLUMNS)}`;
  const room = Math.min(BAR_COLUMNS, columns - label.length - 3);
  if (step === 0 || room < 10) return label.trimEnd();
  const filled = Math.max(Math.round((room * step) / STEPS_TOTAL), 1);
  return `${label}[${"=".repeat(filled - 1)}>${" ".repeat(room - filled)}]`;
}

/** Redraws `lines` over the `drawn` ones above the cursor. */
export function redraw(lines: readonly string[], drawn: number): string {
  const up = drawn > 0 ? `\u001B[${drawn}A` : "";
  const body = lines.map((line) => `\u001B[2K${line}\n`).join("");
  const surplus = drawn > lines.length ? "\u001B[0J" : "";
  return `\r${up}${body}${surplus}`;
}

/** What a log shall show of a round: the lines that changed since the round before. */
export function changedLines(
  view: ProgressView,
  before: ProgressView | undefined,
): readonly string[] {
  const had = new Map(before?.lines.map((line) => [line.id, line.text]));
  const changes: string[] = [];
  if (view.overall !== before?.overall) changes.push(view.overall);
  for (const { id, text } of view.lines)
    if (text !== "" && text !== had.get(id)) changes.push(`${id}: ${text}`);
  if (view.note !== undefined && view.note !== before?.note) changes.push(`rollback: ${view.note}`);
  if (view.verify !== undefined && !sameVerify(view.verify, before?.verify))
    changes.push(view.verify);
  return changes;
}

/** A countdown is one message: only its first line is worth a line in a log. */
function sameVerify(text: string, before: string | undefined): boolean {
  const shape = (line: string): string => line.replace(/\d+ seconds/, "");
  return before !== undefined && shape(text) === shape(before);
}
