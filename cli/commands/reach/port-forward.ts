import type { Duplex } from "node:stream";
import { isSwarmError } from "../../../lib/errors.ts";
import { segment, type Engine } from "../../api/engine.ts";
import type { Task } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { parseForward } from "../../flags/forward.ts";
import { textFlag } from "../../flags/option.ts";
import { choiceFlags, CLIENT_HEADER, findTask, type ChoiceFlags } from "../../reach/find-task.ts";
import { forwardPorts } from "../../reach/port-forward.ts";

/** Where local ports are opened: for programs of this machine only. */
const ADDRESS_DEFAULT = "127.0.0.1";

interface ForwardFlags extends ChoiceFlags {
  readonly address?: string;
}

/** `swarm service port-forward SERVICE|TASK LOCAL:REMOTE...`. */
export function addPortForward(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("port-forward")
    .description("Forward local TCP ports to a running task, wherever it runs")
    .argument("SERVICE|TASK")
    .argument("[LOCAL:]REMOTE")
    .argument("[[LOCAL:]REMOTE...]");
  command.addOption(textFlag("address", 'Address to listen on (default "127.0.0.1")'));
  for (const flag of choiceFlags()) command.addOption(flag);
  command.action(
    async (name: string, first: string, rest: readonly string[], flags: ForwardFlags) => {
      const host = flags.address ?? ADDRESS_DEFAULT;
      const forwards = [first, ...rest].map((text) => parseForward(text, host));
      const engine = await engineOf(command, context);
      const route = new TaskRoute(engine, () => findTask(engine, name, flags), context.client);
      const task = await route.task();
      await forwardPorts(
        forwards,
        {
          dial: (port) => route.dial(port),
          onListening: (forward, local) =>
            context.out.write(
              `Forwarding ${forward.host}:${local} to port ${forward.remote} of task ${task.ID}\n`,
            ),
          onFailure: (message) => context.err.write(`swarm: a connection failed: ${message}\n`),
        },
        context.signal,
      );
    },
  );
}

/** The way to a task; once that has ended, to another one of its service. */
class TaskRoute {
  readonly #engine: Engine;
  readonly #find: () => Promise<Task>;
  readonly #client: string;
  #task: Promise<Task> | undefined;

  constructor(engine: Engine, find: () => Promise<Task>, client: string) {
    this.#engine = engine;
    this.#find = find;
    this.#client = client;
  }

  /** The task that connections go to at the moment. */
  async task(): Promise<Task> {
    this.#task ??= this.#find();
    try {
      return await this.#task;
    } catch (error) {
      this.#task = undefined;
      throw error;
    }
  }

  async dial(port: number): Promise<Duplex> {
    try {
      return await this.#dial(port, await this.task());
    } catch (error) {
      if (!isSwarmError(error, "not-found", "invalid")) throw error;
      this.#task = undefined;
      return this.#dial(port, await this.task());
    }
  }

  #dial(port: number, task: Task): Promise<Duplex> {
    return this.#engine.upgrade({
      method: "POST",
      path: `/skep/v1/tasks/${segment(task.ID)}/dial`,
      query: { port },
      headers: { [CLIENT_HEADER]: this.#client },
    });
  }
}
