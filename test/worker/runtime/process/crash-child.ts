/**
 * A worker to be killed: starts one task as the plan in its first argument says, and writes `started`.
 * On a line of input it removes the task, and writes `removed`.
 */
import { once } from "node:events";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { crashTask, NODE, oneSecret, type CrashPlan } from "./crash-plan.ts";

const plan = JSON.parse(process.argv[2] ?? "") as CrashPlan;
const { dir, sandbox } = plan;
const { signal } = new AbortController();

const modules = { clock: systemClock, log: silentLog };
const options = { dir, node: NODE, sandbox, launchProcess: true };
const runtime = await openProcessRuntime(options, modules);
await runtime.adopt(new Set(), signal);
const controller = runtime.controller(crashTask(plan), oneSecret);
await controller.prepare(signal);
await controller.start(signal);
process.stdout.write("started\n");
await once(process.stdin, "data");
await controller.remove(signal);
process.stdout.write("removed\n");
