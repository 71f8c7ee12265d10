/** A worker to be killed: starts one task in the directory it is given, says so, and stays. */
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { noFiles, processTask } from "../tasks.ts";

const [dir = "", script = ""] = process.argv.slice(2);
const node = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const { signal } = new AbortController();

const runtime = await openProcessRuntime({ dir, node }, { clock: systemClock, log: silentLog });
const task = processTask("t1", { command: ["sh", "-c", script] });
await runtime.controller(task, noFiles).start(signal);
process.stdout.write("started\n");
setImmediate(function stay() {
  systemClock.after(1_000, stay);
});
