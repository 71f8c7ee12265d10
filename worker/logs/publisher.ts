import { linked, type Linked } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { Scope } from "../../lib/scope.ts";
import type { Caller } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type { LogBrokerApi, SubscriptionMessage } from "../../proto/generated.ts";
import { keepListening } from "../agent/keep-listening.ts";
import { publishTasks, type LogTasks } from "./publish-tasks.ts";

/** Subscriptions served at a time; more are refused with a warning to their reader. */
const SUBSCRIPTIONS_MAX = 64;

export interface PublisherOptions {
  readonly sessionId: string;
  readonly caller: Caller;
}

export interface PublisherModules {
  readonly broker: LogBrokerApi;
  readonly tasks: LogTasks;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Listens for log subscriptions and answers each with the lines of the tasks that it selects. Logs
 * are no reason to lose a session: whatever fails here is logged and tried again.
 */
export async function runLogPublisher(
  options: PublisherOptions,
  modules: PublisherModules,
  signal: AbortSignal,
): Promise<void> {
  await keepListening("log subscriptions", () => listen(options, modules, signal), modules, signal);
}

async function listen(
  options: PublisherOptions,
  modules: PublisherModules,
  signal: AbortSignal,
): Promise<void> {
  const scope = new Scope(signal);
  const open = new Map<string, Linked>();
  const request = { sessionId: options.sessionId };
  const call = { caller: options.caller, signal: scope.signal };
  try {
    for await (const message of modules.broker.listenSubscriptions(request, call)) {
      if (message.close) open.get(message.id)?.abort();
      else if (!open.has(message.id)) serve(message, { scope, open, options, modules });
    }
  } finally {
    await scope.close();
  }
}

interface Serving {
  readonly scope: Scope;
  readonly open: Map<string, Linked>;
  readonly options: PublisherOptions;
  readonly modules: PublisherModules;
}

function serve(message: SubscriptionMessage, { scope, open, options, modules }: Serving): void {
  const link = linked(scope.signal);
  const full = open.size >= SUBSCRIPTIONS_MAX;
  open.set(message.id, link);
  scope.run(async () => {
    const call = { caller: options.caller, signal: link.signal };
    const refusal = make("PublishLogsMessage", {
      subscriptionId: message.id,
      close: true,
      warning: `node ${options.caller.nodeId} serves ${SUBSCRIPTIONS_MAX} log readers already`,
    });
    try {
      const lines = full
        ? (async function* () {
            yield refusal;
          })()
        : publishTasks(message, options.caller.nodeId, modules, link.signal);
      await modules.broker.publishLogs(lines, call);
    } catch (error) {
      if (!link.signal.aborted)
        modules.log.warn({ subscription: message.id, reason: messageOf(error) }, "logs not sent");
    } finally {
      open.delete(message.id);
      link[Symbol.dispose]();
    }
  });
}
