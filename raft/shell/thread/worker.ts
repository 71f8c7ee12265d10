/** Entry point of the thread that runs a Raft member: its core, its peer port and its log. */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../../lib/clock.ts";
import { openLog, type LogLevel } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { assert } from "../../../lib/assert.ts";
import { BoundMember, type MemberOptions } from "../bound-member.ts";
import type { DriverPort, FromDriver, ToDriver } from "../driver/port.ts";
import { toPortError } from "../driver/port-error.ts";
import type { MemberIdentity } from "../member-file.ts";
import { deferToNextTurn } from "../raft-options.ts";
import type { FromThread, ToThread } from "./thread-messages.ts";
import { ThreadPort } from "./thread-port.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly options: MemberOptions;
  readonly logLevel: LogLevel;
}

assert(parentPort, "this file is the entry point of a worker thread");
const parent = parentPort;

function tell(message: FromThread): void {
  parent.postMessage(message);
}

async function main({ options, logLevel }: ThreadData): Promise<void> {
  const destination = { write: (line: string) => tell({ kind: "log", line }) };
  const modules = {
    clock: systemClock,
    random: systemRandom,
    log: openLog({ level: logLevel, destination }),
    defer: deferToNextTurn,
  };
  const port = new ThreadPort<ToDriver, FromDriver>((messages) => {
    tell({ kind: "host", messages });
    // With the port closed nothing is left to wait for: the thread ends by itself.
    if (messages.some(({ kind }) => kind === "stopped" || kind === "failed")) parent.close();
  }, deferToNextTurn);
  const bound = await BoundMember.bind(options, modules);
  parent.on("message", (message: ToThread) => {
    if (message.kind === "driver") port.deliver(message.messages);
    else if (message.kind === "begin") begin(bound, message.identity, port).catch(fail);
    else bound.release().then(() => parent.close(), fail);
  });
  tell({ kind: "bound", addr: bound.addr, identity: bound.identity });
}

async function begin(
  bound: BoundMember,
  identity: MemberIdentity,
  port: DriverPort,
): Promise<void> {
  try {
    await bound.begin(identity, port);
  } catch (error) {
    await bound.release();
    throw error;
  }
}

function fail(error: unknown): void {
  tell({ kind: "failed", error: toPortError(error) });
  parent.close();
}

main(workerData as ThreadData).catch(fail);
