import { linked, onAbort, type Linked } from "../../../lib/abort.ts";
import type { Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Call } from "../../../proto/call.ts";
import type {
  OffersMessage,
  OffersRequest,
  PlaceRequest,
  PlaceResponse,
  SchedulingApi,
} from "../../../proto/generated.ts";
import type { Store } from "../../store/store.ts";
import { Offers } from "./offers.ts";
import { PlacementDesk } from "./placement-desk.ts";

/** External schedulers listening at a time. */
const LISTENERS_MAX = 64;

/** Placements in one call. */
const PLACEMENTS_MAX = 1_000;

/**
 * What external schedulers talk to. Made anew for each leadership; {@link run} lives as long as
 * the leadership does. Nothing is stored but the placements themselves.
 */
export class ExternalSchedulers implements SchedulingApi {
  /** Where placements wait for the scheduler's loop. */
  readonly desk = new PlacementDesk();
  readonly #modules: { readonly store: Store; readonly clock: Clock };
  readonly #listeners = new Set<Linked>();
  #stopped: SwarmError | undefined;

  constructor(modules: { readonly store: Store; readonly clock: Clock }) {
    this.#modules = modules;
  }

  /** Serves until `signal` aborts; then everybody is let go. */
  async run(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    this.#stopped = new SwarmError("not-leader", "this manager does not lead any more");
    for (const link of this.#listeners) link.abort(this.#stopped);
    this.desk.close(this.#stopped);
  }

  /**
   * Streams the tasks that wait for the scheduler named, and all nodes, until the caller leaves.
   * @throws SwarmError `invalid`, `exhausted`, `not-leader`
   */
  async *offers({ scheduler }: OffersRequest, call: Call): AsyncIterable<OffersMessage> {
    if (this.#stopped) throw this.#stopped;
    checkName(scheduler);
    if (this.#listeners.size >= LISTENERS_MAX)
      throw new SwarmError("exhausted", `${LISTENERS_MAX} schedulers listen already`);
    using link = linked(call.signal);
    this.#listeners.add(link);
    try {
      yield* new Offers(scheduler, this.#modules).stream(link.signal);
    } finally {
      this.#listeners.delete(link);
    }
    if (this.#stopped) throw this.#stopped;
  }

  /**
   * Puts tasks on nodes. Each is checked as if it were ours, and answered on its own.
   * @throws SwarmError `invalid`, `exhausted`, `aborted`, `not-leader`
   */
  async place({ scheduler, placements }: PlaceRequest): Promise<PlaceResponse> {
    checkName(scheduler);
    if (placements.length > PLACEMENTS_MAX)
      throw new SwarmError("invalid", `place at most ${PLACEMENTS_MAX} tasks in one call`);
    return { results: await this.desk.submit(scheduler, placements) };
  }
}

function checkName(scheduler: string): void {
  if (scheduler === "")
    throw new SwarmError("invalid", "say which scheduler you are: the name in skep.scheduler");
}
