import { SwarmError } from "../../lib/errors.ts";
import { filtersQuery, segment, type Engine } from "../api/engine.ts";
import type { Service } from "../api/service-types.ts";
import type { Node, Task } from "../api/types.ts";
import type { Context } from "../context.ts";
import { polls } from "./poll.ts";
import { changedLines, progressLines, redraw } from "./render.ts";
import type { Snapshot } from "./snapshot.ts";
import { PROGRESS_START, stepProgress, type ProgressState, type ProgressView } from "./step.ts";

export interface WatchOptions {
  /** Shows nothing. */
  readonly isQuiet: boolean;
  /** A rollback is what was asked for. @default false */
  readonly isRollback?: boolean;
}

/**
 * Shows service `id` converging until it has, or has failed (throws). At Ctrl-C it stops watching
 * with a note; the service goes on by itself. A change of leader in between is sat out.
 */
export async function watchService(
  engine: Engine,
  id: string,
  context: Context,
  { isQuiet, isRollback = false }: WatchOptions,
): Promise<void> {
  const display = isQuiet ? () => {} : openDisplay(context);
  let state: ProgressState = { ...PROGRESS_START, isRollbackWanted: isRollback };
  try {
    for await (const snapshot of polls(() => readSnapshot(engine, id), context)) {
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
