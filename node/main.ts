#!/usr/bin/env node
import os from "node:os";
import { cancelled } from "../lib/abort.ts";
import { systemClock } from "../lib/clock.ts";
import { defaultPaths } from "../lib/default-paths.ts";
import { exitStatus, messageOf } from "../lib/errors.ts";
import { openLog, type Logger } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { swarmdCommand, type SwarmdOptions } from "./options.ts";
import { raftCommand } from "./raft-tool.ts";
import { Swarmd } from "./swarmd.ts";
import { VERSION } from "./version.ts";

/** A stop that takes longer than this is cut short: what was acknowledged is on disk. */
const STOP_LIMIT_MS = 9_500;

/** Resolves with the signal that asks the process to stop; a second one ends it at once. */
function stopSignal(log: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, () => {
        log.info({ signal: name }, "stopping");
        systemClock.after(STOP_LIMIT_MS, () => {
          log.warn({}, "stopping took too long");
          process.exit(1);
        });
        resolve(name);
        process.on(name, () => process.exit(130));
      });
    }
  });
}

/** Ends the process for good: the state on disk is whole, and a supervisor starts it again. */
function fail(log: Logger, error: unknown): never {
  log.error({ err: error }, "swarmd cannot go on");
  process.stderr.write(`swarmd: ${messageOf(error)}\n`);
  process.exit(exitStatus(error));
}

async function run(options: SwarmdOptions): Promise<void> {
  const log = openLog({ level: options.logLevel, format: options.logFormat });
  const starting = new AbortController();
  const stopped = stopSignal(log);
  const modules = { clock: systemClock, random: systemRandom, log, version: VERSION };
  const swarmd = await Swarmd.open(options, modules, (error) => fail(log, error));
  log.info({ addresses: swarmd.addresses, version: VERSION }, "swarmd answers");
  const resumed = swarmd.node.resume(starting.signal).catch((error: unknown) => {
    if (!starting.signal.aborted) fail(log, error);
  });
  await stopped;
  starting.abort(cancelled("swarmd stops"));
  await resumed;
  await swarmd.stop();
  log.info({}, "stopped");
  process.exit(0);
}

const { username: _user, uid, homedir } = os.userInfo();
const paths = defaultPaths({ uid, home: homedir, env: process.env });
const command = swarmdCommand({ ...paths, hostname: os.hostname(), version: VERSION }, run);
command.addCommand(raftCommand(paths.stateDir));
process.on("uncaughtException", (error) => fail(openLog({}), error));
try {
  await command.parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`swarmd: ${messageOf(error)}\n`);
  process.exitCode = exitStatus(error);
}
