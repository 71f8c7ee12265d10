import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { onAbort } from "../../../lib/abort.ts";
import type { Bell } from "../../../lib/bell.ts";
import { sleep, type Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/log.ts";
import { NODE_ID_LABEL, TASK_ID_LABEL } from "./container-config.ts";
import { engineCall } from "./engine-error.ts";

/** How long to wait before listening again to an engine that went away. */
const RECONNECT_MS = 500;
/** Events of this last while are asked for again on connecting, so that none falls in between. */
const REPLAY_SECONDS = 5;

interface EngineEvent {
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

async function openEvents(docker: Docker, options: Docker.GetEventsOptions): Promise<Readable> {
  return (await docker.getEvents(options)) as Readable;
}

export interface EngineEventsModules {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * One stream of the engine's events for all containers of this node. Says only that something
 * happened to a task: whoever waits looks for itself what. After a break everyone is woken.
 */
export class EngineEvents {
  readonly #nodeId: string;
  readonly #modules: EngineEventsModules;
  readonly #bells = new Map<string, Set<Bell>>();

  constructor(nodeId: string, modules: EngineEventsModules) {
    this.#nodeId = nodeId;
    this.#modules = modules;
  }

  /** Rings `bell` whenever something happens to the task's container; returns the unsubscriber. */
  subscribe(taskId: string, bell: Bell): () => void {
    const bells = this.#bells.get(taskId) ?? new Set();
    this.#bells.set(taskId, bells.add(bell));
    return () => {
      bells.delete(bell);
      if (bells.size === 0 && this.#bells.get(taskId) === bells) this.#bells.delete(taskId);
    };
  }

  /** Listens until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#modules;
    while (!signal.aborted) {
      try {
        await this.#listen(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, "events of the docker engine ended");
      }
      this.#ringAll();
      if (!signal.aborted) await sleep(clock, RECONNECT_MS, signal);
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { docker, clock } = this.#modules;
    const filters = JSON.stringify({
      type: ["container"],
      event: ["start", "die", "destroy", "health_status"],
      label: [`${NODE_ID_LABEL}=${this.#nodeId}`],
    });
    const since = Math.floor(clock.now() / 1000) - REPLAY_SECONDS;
    const stream = await engineCall(() => openEvents(docker, { filters, since }), signal);
    stream.setEncoding("utf8");
    const release = onAbort(signal, () => stream.destroy());
    try {
      this.#ringAll();
      let rest = "";
      for await (const chunk of stream) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#tell(JSON.parse(line));
      }
    } finally {
      release();
      stream.destroy();
    }
  }

  #tell(event: EngineEvent): void {
    const taskId = event.Actor?.Attributes?.[TASK_ID_LABEL] ?? "";
    for (const bell of this.#bells.get(taskId) ?? []) bell.ring();
  }

  #ringAll(): void {
    for (const bells of this.#bells.values()) for (const bell of bells) bell.ring();
  }
}
