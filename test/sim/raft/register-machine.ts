import type { CommittedEntry, StateMachine } from "../../../raft/index.ts";
import { demand } from "../violation.ts";

/** What a client asks of the replicated registers; the data of an entry. */
export interface Command {
  readonly session: number;
  /** Rises within a session; a repeated number is answered from memory. */
  readonly seq: number;
  /** Different for each time that the command is sent. */
  readonly attempt: number;
  readonly kind: "put" | "append" | "cas";
  readonly key: string;
  readonly value: string;
  readonly expected: string;
}

/** What the checker is told of applied commands. */
export interface MachineWatch {
  /** An entry is applied by a member. */
  applied(entry: CommittedEntry, command: Command): void;
  /** `digest` stands for everything applied up to `index`. */
  digest(index: number, digest: number): void;
  /** A snapshot taken at `index` was restored. */
  restored(index: number, digest: number): void;
}

const decoded = new WeakMap<Uint8Array, Command>();

function decode(data: Uint8Array): Command {
  const known = decoded.get(data);
  if (known) return known;
  const command = JSON.parse(Buffer.from(data).toString()) as Command;
  decoded.set(data, command);
  return command;
}

/** Registers by name, with sessions that make repeated commands harmless. */
export class RegisterMachine implements StateMachine {
  readonly #watch: MachineWatch;
  #registers = new Map<string, string>();
  #sessions = new Map<number, { readonly seq: number; readonly output: string }>();
  #digest = 0;
  #index = 0;

  constructor(watch: MachineWatch) {
    this.#watch = watch;
  }

  get(key: string): string {
    return this.#registers.get(key) ?? "";
  }

  /** What command `seq` of `session` has given, if it is applied and the session's last. */
  output(session: number, seq: number): string | undefined {
    const last = this.#sessions.get(session);
    return last?.seq === seq ? last.output : undefined;
  }

  apply(entries: readonly CommittedEntry[]): void {
    for (const entry of entries) {
      const command = decode(entry.data);
      const rises = entry.index > this.#index;
      demand(rises, "applied-once", () => `entry ${entry.index} applied after ${this.#index}`);
      this.#watch.applied(entry, command);
      this.#index = entry.index;
      this.#digest = mix(mix(this.#digest, entry.index), command.attempt);
      this.#watch.digest(entry.index, this.#digest);
      this.#execute(command);
    }
  }

  #execute(command: Command): void {
    const { session, seq, kind, key, value, expected } = command;
    if ((this.#sessions.get(session)?.seq ?? 0) >= seq) return;
    const old = this.get(key);
    const done = kind !== "cas" || old === expected;
    if (done) this.#registers.set(key, kind === "append" ? old + value : value);
    this.#sessions.set(session, { seq, output: String(done) });
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const state = {
      index: this.#index,
      digest: this.#digest,
      registers: [...this.#registers],
      sessions: [...this.#sessions],
    };
    const bytes = Buffer.from(JSON.stringify(state));
    return (async function* () {
      const half = bytes.length >> 1;
      yield await Promise.resolve(bytes.subarray(0, half));
      yield await Promise.resolve(bytes.subarray(half));
    })();
  }

  async restore(index: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const state = JSON.parse(Buffer.concat(parts).toString());
    demand(index >= this.#index, "applied-once", () => `${this.#index} falls back to ${index}`);
    this.#registers = new Map(state.registers);
    this.#sessions = new Map(state.sessions);
    this.#digest = state.digest;
    this.#index = index;
    this.#watch.restored(index, this.#digest);
  }
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value ^ (value / 2 ** 32), 0x9e3779b1) ^ (hash >>> 15);
}
