import type { ChildProcess } from "node:child_process";
import { end, start } from "../child.ts";
import type { CallAnswer, CallName, Calls, MemberConfig, MemberFacts } from "./protocol.ts";

/** Loads the sources of this process; a member's program is built. */
const SOURCE_LOADER = /^--import=tsx$/;

/** A member's process as the benchmark holds it. */
export class MemberProcess {
  readonly #child: ChildProcess;
  #nextId = 1;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (output: unknown) => void; readonly reject: (error: Error) => void }
  >();

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message: CallAnswer) => {
      const call = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ("error" in message) call?.reject(new Error(message.error));
      else call?.resolve(message.output);
    });
    child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the member has ended"));
      this.#waiting.clear();
    });
  }

  /** Starts `program` as a process and opens a member in it. */
  static async open(
    program: string,
    config: MemberConfig,
    namespace: string | null,
  ): Promise<MemberProcess> {
    // With the options of this process: --cpu-prof, say, is for the members too.
    const options = process.execArgv.filter((option) => !SOURCE_LOADER.test(option));
    const args = [...options, program];
    const member = new MemberProcess(
      start({ command: process.execPath, args, namespace, ipc: true }),
    );
    await member.call("open", config);
    return member;
  }

  call<K extends CallName>(name: K, input: Calls[K]["input"]): Promise<Calls[K]["output"]> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve: resolve as (output: unknown) => void, reject });
      this.#child.send({ id, name, input }, (error) => {
        if (error) reject(error);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  facts(): Promise<MemberFacts> {
    return this.call("facts", null);
  }

  /** Sends a signal and waits for the process's end. */
  end(signal: NodeJS.Signals): Promise<void> {
    return end(this.#child, signal);
  }
}
