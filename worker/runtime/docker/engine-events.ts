import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { onAbort } from "../../../lib/abort.ts";
import { every, sleep, type Clock } from "../../../lib/clock.ts";
import { messageOf } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import { NODE_ID_LABEL, TASK_ID_LABEL } from "./container-config.ts";
import { engineCall } from "./engine-error.ts";

/** How long to wait before listening again to an engine that went away. */
const RECONNECT_MS = 500;
/** Events of this last while are asked for again on connecting, so that none falls in between. */
const REPLAY_SECONDS = 5;

/** An engine drops events that are not read in time: everyone looks again so often anyway. */
const LOOK_AGAIN_MS = 60_000;

/** Told that something happened to a task's container; null = something may have been missed. */
export type EventListener = (action: string | null) => void;

interface EngineEvent {
  readonly Action?: string;
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
 * happened to a task: whoever waits looks for itself what. After a break everyone is told.
 */
export class EngineEvents {
  readonly #nodeId: string;
  readonly #modules: EngineEventsModules;
  readonly #listeners = new Map<string, Set<EventListener>>();
  #connected = false;
  /** Why there is no stream; noted once, not at each attempt. Empty = there is, or was. */
  #failure = "";

  constructor(nodeId: string, modules: EngineEventsModules) {
    this.#nodeId = nodeId;
    this.#modules = modules;
  }

  /** Whether events come in: what happens meanwhile is told. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Tells `listener` whenever something happens to the task's container; returns the unsubscriber. */
  subscribe(taskId: string, listener: EventListener): () => void {
    const listeners = this.#listeners.get(taskId) ?? new Set();
    this.#listeners.set(taskId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(taskId) === listeners)
        this.#listeners.delete(taskId);
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
        const failure = messageOf(error);
        if (failure !== this.#failure)
          log.warn({ err: error }, "events of the docker engine ended");
        this.#failure = failure;
      }
      this.#tellAll();
      if (!signal.aborted) await sleep(clock, RECONNECT_MS, signal);
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { docker, clock } = this.#modules;
    const filters = JSON.stringify({
      type: ["container"],
      event: ["start", "kill", "die", "destroy", "health_status"],
      label: [`${NODE_ID_LABEL}=${this.#nodeId}`],
    });
    const since = Math.floor(clock.now() / 1000) - REPLAY_SECONDS;
    const stream = await engineCall(() => openEvents(docker, { filters, since }), signal);
    stream.setEncoding("utf8");
    const release = onAbort(signal, () => stream.destroy());
    const cancel = every(clock, LOOK_AGAIN_MS, () => this.#tellAll());
    try {
      this.#connected = true;
      this.#failure = "";
      this.#tellAll();
      let rest = "";
      for await (const chunk of stream) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#tell(JSON.parse(line));
      }
    } finally {
      this.#connected = false;
      cancel();
      release();
      stream.destroy();
    }
  }

  #tell({ Action: action = "", Actor: actor }: EngineEvent): void {
    const taskId = actor?.Attributes?.[TASK_ID_LABEL] ?? "";
    for (const listener of this.#listeners.get(taskId) ?? []) listener(action);
  }

  #tellAll(): void {
    for (const listeners of this.#listeners.values())
      for (const listener of listeners) listener(null);
  }
}
