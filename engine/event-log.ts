import { linked, type Linked } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import { Fanout } from "../lib/watch.ts";
import type { Caller } from "../proto/call.ts";
import { make } from "../proto/codec.ts";
import type { ControlApi } from "../proto/generated.ts";
import { EVENT_TABLES, toSwarmEvent, type SwarmEvent } from "./translate/event.ts";

/** Events kept for clients that ask for the past; Docker keeps as many. */
const RECENT_EVENTS_MAX = 256;

/** An event and when this manager saw it, milliseconds since the epoch. */
export interface TimedEvent {
  readonly event: SwarmEvent;
  readonly timeMs: number;
}

interface Followed {
  readonly control: ControlApi;
  readonly link: Linked;
  readonly done: Promise<void>;
}

/**
 * The swarm's events as this manager sees them: one watch of the cluster for all clients, and the
 * latest events for those that ask for the past.
 */
export class EventLog {
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #live = new Fanout<TimedEvent>();
  readonly #recent: TimedEvent[] = [];
  #followed: Followed | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Watches `control` from now on, if it does not already; undefined where this node is no manager.
   * Called with every request, so that a watch which ended is taken up again.
   */
  follow(control: ControlApi | undefined, caller: () => Caller): void {
    if (this.#followed?.control === control) return;
    this.#followed?.link.abort();
    this.#followed = undefined;
    if (!control || this.#closing.signal.aborted) return;
    const link = linked(this.#closing.signal);
    const done = this.#run(control, link, caller());
    this.#followed = { control, link, done };
  }

  /** What was kept since `sinceMs` (undefined = nothing), then what happens, until `signal` aborts. */
  async *read(sinceMs: number | undefined, signal: AbortSignal): AsyncGenerator<TimedEvent> {
    const live = this.#live.subscribe(signal);
    if (sinceMs !== undefined) yield* this.kept(sinceMs);
    yield* live;
  }

  /** What was kept since `sinceMs`, oldest first. */
  kept(sinceMs: number): readonly TimedEvent[] {
    return this.#recent.filter(({ timeMs }) => timeMs >= sinceMs);
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#followed?.done;
  }

  async #run(control: ControlApi, link: Linked, caller: Caller): Promise<void> {
    const entries = EVENT_TABLES.map((table) => make("WatchRequestEntry", { table }));
    const request = make("WatchRequest", { entries, includeOldObject: true });
    try {
      for await (const { events } of control.watch(request, { signal: link.signal, caller })) {
        for (const change of events) {
          const event = toSwarmEvent(change);
          if (event) this.#add({ event, timeMs: this.#clock.now() });
        }
      }
    } catch (error) {
      // Readers cannot know what they missed: they end, and come again.
      this.#live.end(error);
    } finally {
      link[Symbol.dispose]();
      if (this.#followed?.control === control) this.#followed = undefined;
    }
  }

  #add(timed: TimedEvent): void {
    this.#recent.push(timed);
    if (this.#recent.length > RECENT_EVENTS_MAX) this.#recent.shift();
    this.#live.publish(timed);
  }
}
