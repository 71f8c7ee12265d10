import { isSwarmError } from "../../../lib/errors.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import type { Operation } from "../linearizability.ts";
import type { Scheduler } from "../scheduler.ts";
import { demand } from "../violation.ts";
import type { Checker } from "./checker.ts";
import type { SimMember } from "./member.ts";
import type { Command, RegisterMachine } from "./register-machine.ts";

/** Times a command is sent before its outcome is left unknown. */
const ATTEMPTS_MAX = 6;

/** µs. */
const TIMEOUT = { min: 300_000, max: 4_000_000 };
const THINK_MAX = 120_000;
const BACKOFF_MAX = 300_000;

/** What all clients of a run share. */
export interface ClientModules {
  readonly scheduler: Scheduler;
  readonly checker: Checker;
  readonly members: () => readonly SimMember[];
  /** The registers of a member's present life. */
  readonly machineOf: (member: SimMember) => RegisterMachine | undefined;
  readonly histories: Histories;
  readonly keys: number;
}

/** The calls of all clients by register, in the order of one counter. */
export class Histories {
  readonly byKey = new Map<string, Operation[]>();
  #position = 0;
  #attempts = 0;
  #sessions = 0;

  /** The next position in the order of calls and returns. */
  next(): number {
    return this.#position++;
  }

  attempt(): number {
    return ++this.#attempts;
  }

  session(): number {
    return ++this.#sessions;
  }

  add(key: string, operation: Operation): void {
    const operations = this.byKey.get(key);
    if (operations) operations.push(operation);
    else this.byKey.set(key, [operation]);
  }
}

type Outcome =
  | { readonly kind: "done"; readonly output: string }
  /** Surely without effect; `leader` is a hint. */
  | { readonly kind: "refused"; readonly leader: string | undefined }
  | { readonly kind: "unknown" };

/** A closed loop of reads and writes against whichever members seem fit. */
export class Client {
  readonly #random: SeededRandom;
  readonly #modules: ClientModules;
  #session: number;
  #seq = 0;
  /** The member that it believes to lead. */
  #leader: string | undefined;
  /** Operations whose outcome is known. */
  completed = 0;
  /** Those of them that wrote. */
  written = 0;
  stopped = false;
  #left = 0;
  #readsPerCent = 0;
  #running = false;

  constructor(random: SeededRandom, modules: ClientModules) {
    this.#random = random;
    this.#modules = modules;
    this.#session = modules.histories.session();
  }

  /**
   * Runs until it is stopped or has begun `operations` more, of which `readsPerCent` read; one run
   * at a time.
   */
  async run(operations: number, readsPerCent: number): Promise<void> {
    this.#left = operations;
    this.#readsPerCent = readsPerCent;
    this.stopped = false;
    if (this.#running) return;
    this.#running = true;
    for (; this.#left > 0 && !this.stopped; this.#left--) {
      await this.#sleep(this.#random.int(THINK_MAX));
      const key = `k${this.#random.int(this.#modules.keys)}`;
      if (this.#random.int(100) < this.#readsPerCent) await this.#read(key);
      else await this.#write(key);
    }
    this.#running = false;
  }

  async #read(key: string): Promise<void> {
    const { histories } = this.#modules;
    const called = histories.next();
    const member = this.#pick(this.#random.int(2) === 0);
    const machine = member && this.#modules.machineOf(member);
    const outcome = await this.#attempt(member, "read", async (signal) => {
      await member!.host!.readBarrier(signal);
      return machine!.get(key);
    });
    if (outcome.kind !== "done") return this.#retarget(undefined);
    const { output } = outcome;
    const returned = histories.next();
    histories.add(key, { kind: "get", value: "", expected: "", called, returned, output });
    this.completed++;
  }

  async #write(key: string): Promise<void> {
    const { histories } = this.#modules;
    const command = this.#command(key);
    const called = histories.next();
    const { kind, value, expected } = command;
    let uncertain = false;
    for (let i = 0; i < ATTEMPTS_MAX && !(this.stopped && i > 0); i++) {
      const outcome = await this.#send(command);
      if (outcome.kind === "done") {
        const returned = histories.next();
        histories.add(key, { kind, value, expected, called, returned, output: outcome.output });
        this.completed++;
        this.written++;
        return;
      }
      if (outcome.kind === "unknown") uncertain = true;
      this.#retarget(outcome.kind === "refused" ? outcome.leader : undefined);
      await this.#sleep(this.#random.int(BACKOFF_MAX));
    }
    if (!uncertain) return;
    histories.add(key, { kind, value, expected, called, returned: Infinity, output: null });
    // A session has one command under way: the next one needs another.
    this.#session = histories.session();
    this.#seq = 0;
  }

  #command(key: string): Omit<Command, "attempt"> {
    const seq = ++this.#seq;
    const kind = (["put", "append", "append", "cas"] as const)[this.#random.int(4)]!;
    const value = kind === "append" ? `${this.#session}.${seq};` : `${this.#session}.${seq}`;
    const expected = this.#random.int(2) === 0 ? "" : `${this.#session}.${seq - 1}`;
    return { session: this.#session, seq, kind, key, value, expected };
  }

  async #send(command: Omit<Command, "attempt">): Promise<Outcome> {
    const { histories, checker } = this.#modules;
    const attempt = histories.attempt();
    const member = this.#pick(true);
    const data = Buffer.from(JSON.stringify({ ...command, attempt }));
    const { session, seq } = command;
    const machine = member && this.#modules.machineOf(member);
    const outcome = await this.#attempt(member, "write", async (signal) => {
      await member!.host!.propose(data, signal);
      const output = machine!.output(session, seq);
      const text = (): string => `write ${session}.${seq} is confirmed without effect`;
      demand(output !== undefined, "exactly-once", text);
      return output!;
    });
    if (outcome.kind === "refused") checker.refused.add(attempt);
    return outcome;
  }

  /** Calls a member and waits for the answer, the end of its process, or a time-out. */
  #attempt(
    member: SimMember | undefined,
    what: string,
    call: (signal: AbortSignal) => Promise<string>,
  ): Promise<Outcome> {
    if (!member?.host) return Promise.resolve({ kind: "refused", leader: undefined });
    const { scheduler } = this.#modules;
    const timeout = TIMEOUT.min + this.#random.int(TIMEOUT.max - TIMEOUT.min);
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const ended = (): void => {
        scheduler.after(1000, ["client", "connection reset", member.name], () =>
          resolve({ kind: "unknown" }),
        );
      };
      member.onEnd(ended);
      scheduler.after(timeout, ["client", `${what} times out`], () => {
        controller.abort(new Error("the client gave up"));
        resolve({ kind: "unknown" });
      });
      call(controller.signal)
        .then(
          (output) => resolve({ kind: "done", output }),
          (error: unknown) => {
            if (isSwarmError(error, "not-leader", "exhausted", "no-leader"))
              resolve({ kind: "refused", leader: error.details["leader"] });
            else if (isSwarmError(error) || controller.signal.aborted) resolve({ kind: "unknown" });
            else reject(error);
          },
        )
        .finally(() => member.offEnd(ended));
    });
  }

  #pick(leader: boolean): SimMember | undefined {
    const running = this.#modules.members().filter(({ host }) => host);
    const known = leader && running.find(({ name }) => name === this.#leader);
    return known || running[this.#random.int(running.length)];
  }

  #retarget(hint: string | undefined): void {
    this.#leader = hint?.split(":")[0];
  }

  #sleep(us: number): Promise<void> {
    return new Promise((resolve) => {
      this.#modules.scheduler.after(us, ["client", "goes on"], resolve);
    });
  }
}
