import { constants } from "node:os";
import { SwarmError } from "../../lib/errors.ts";
import { write } from "../../lib/write.ts";
import type { ExecAsk, ReachInput, ReachOutput } from "../../proto/generated.ts";
import type { ExecRequest, ExecSession, TaskReach } from "../runtime/reach.ts";
import type { Answer } from "./answer.ts";

function requestOf({ command, env, user, dir, stdin, terminal }: ExecAsk): ExecRequest {
  return { command, env, user, dir, stdin, terminal };
}

function signalName(text: string): NodeJS.Signals {
  if (text in constants.signals) return text as NodeJS.Signals;
  throw new SwarmError("invalid", `there is no signal ${text}`);
}

/** A command inside a task, from its start to its exit status. */
export class ExecAnswer implements Answer {
  readonly #ask: ExecAsk;
  readonly #reach: () => TaskReach;
  readonly #signal: AbortSignal;
  readonly #session: Promise<ExecSession | null>;
  #settle: (session: ExecSession | null) => void = () => {};
  #begun = false;

  /** @param reach finds the task; throws when it is not here */
  constructor(ask: ExecAsk, reach: () => TaskReach, signal: AbortSignal) {
    this.#ask = ask;
    this.#reach = reach;
    this.#signal = signal;
    this.#session = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async *outputs(): AsyncIterable<ReachOutput> {
    const session = await this.#start();
    yield { kind: "started", started: true };
    for await (const { stream, data } of session.output)
      yield stream === "stdout" ? { kind: stream, stdout: data } : { kind: stream, stderr: data };
    yield { kind: "exit", exit: await session.wait(this.#signal) };
  }

  async take(input: ReachInput): Promise<void> {
    const session = await this.#session;
    if (!session) return;
    switch (input.kind) {
      case "data":
        return write(session.input, input.data, this.#signal);
      case "end":
        session.input.end();
        return;
      case "resize":
        return session.resize(input.resize);
      case "signal":
        return session.signal(signalName(input.signal));
      default:
        throw new SwarmError("invalid", "a command takes data, sizes and signals only");
    }
  }

  async close(): Promise<void> {
    if (!this.#begun) this.#settle(null);
    await (await this.#session)?.close();
  }

  async #start(): Promise<ExecSession> {
    this.#begun = true;
    try {
      const session = await this.#reach().exec(requestOf(this.#ask), this.#signal);
      this.#settle(session);
      return session;
    } catch (error) {
      this.#settle(null);
      throw error;
    }
  }
}
