import { isRetryable, messageOf, SwarmError } from "../../lib/errors.ts";
import { sleep } from "../../lib/clock.ts";
import { filtersQuery, segment, type Engine } from "../api/engine.ts";
import type { Service } from "../api/service-types.ts";
import type { Node, Task } from "../api/types.ts";
import type { Context } from "../context.ts";
import { changedLines, progressLines, redraw } from "./render.ts";
import type { Snapshot } from "./snapshot.ts";
import { PROGRESS_START, stepProgress, type ProgressView } from "./step.ts";

/** Docker's pace. */
const POLL_PERIOD_MS = 200;

/** How long the swarm may fail to answer (a new leader is elected, swarmd restarts) meanwhile. */
const SILENCE_LIMIT_MS = 30_000;

/**
 * Shows service `id` converging until it has, or has failed (throws). At Ctrl-C it stops watching
 * with a note; the service goes on by itself. A change of leader in between is sat out.
 */
export async function watchService(
  engine: Engine,
  id: string,
  context: Context,
  isQuiet: boolean,
): Promise<void> {
  const display = isQuiet ? () => {} : openDisplay(context);
  let state = PROGRESS_START;
  try {
    for await (const snapshot of snapshots(engine, id, context)) {
      const step = stepProgress(state, snapshot, context.clock.monotonic());
      state = step.state;
      display(step.view);
      if (step.outcome.kind === "converged") return;
      if (step.outcome.kind === "failed")
        throw new SwarmError("failed-precondition", step.outcome.message);
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.err.write(
      `\nOperation continuing in background.\nUse "swarm service ps ${id}" to check progress.\n`,
    );
  }
}

/** What each poll sees. Ends only by throwing. */
async function* snapshots(engine: Engine, id: string, context: Context): AsyncGenerator<Snapshot> {
  let heardAt = context.clock.monotonic();
  let isSilent = false;
  for (;;) {
    try {
      const snapshot = await readSnapshot(engine, id);
      heardAt = context.clock.monotonic();
      isSilent = false;
      yield snapshot;
    } catch (error) {
      const silentMs = context.clock.monotonic() - heardAt;
      if (!isRetryable(error) || silentMs > SILENCE_LIMIT_MS) throw error;
      if (!isSilent) context.err.write(`Waiting for the swarm: ${messageOf(error)}\n`);
      isSilent = true;
    }
    await sleep(context.clock, POLL_PERIOD_MS, context.signal);
  }
}

async function readSnapshot(engine: Engine, id: string): Promise<Snapshot> {
  const [service, tasks, nodes] = await Promise.all([
    engine.request<Service>({
      method: "GET",
      path: `/services/${segment(id)}`,
      query: { insertDefaults: false },
    }),
    engine.request<Task[]>({
      method: "GET",
      path: "/tasks",
      query: { filters: filtersQuery({ service: [id], "_up-to-date": ["true"] }) },
    }),
    engine.request<Node[]>({ method: "GET", path: "/nodes" }),
  ]);
  const active = nodes.filter((node) => node.Status.State !== "down");
  return {
    service,
    tasks,
    activeNodes: new Map(active.map((node) => [node.ID, node.Description.Hostname ?? node.ID])),
  };
}

/** A terminal is redrawn in place; anything else gets a line for each change. */
function openDisplay({ out }: Context): (view: ProgressView) => void {
  let drawn: readonly string[] = [];
  let before: ProgressView | undefined;
  return (view) => {
    if (out.isTTY) {
      const lines = progressLines(view, out.columns);
      if (lines.join("\n") !== drawn.join("\n")) out.write(redraw(lines, drawn.length));
      drawn = lines;
    } else for (const line of changedLines(view, before)) out.write(`${line}\n`);
    before = view;
  };
}
