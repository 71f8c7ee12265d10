import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { openProcessRuntime } from "../../worker/runtime/process/process-runtime.ts";
import { sandboxRefusal } from "../../worker/runtime/process/sandbox.ts";
import { processTask } from "../worker/runtime/tasks.ts";
import { shellProgram } from "./programs.ts";
import { runtimeCompliance, type Machine } from "./runtime.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };

async function processMachine(sandbox: boolean): Promise<Machine> {
  const dir = await mkdtemp(join(tmpdir(), "skep-compliance-"));
  mkdirSync(join(dir, "flags"));
  const flag = (id: string): string => join(dir, "flags", id);
  const options = { dir: join(dir, "state"), node: NODE, sandbox };
  return {
    open: () => openProcessRuntime(options, { clock: systemClock, log: silentLog }),
    task: (id, program, secrets) =>
      processTask(id, { ...shellProgram(program, flag(id)), secrets }),
    release: async (id) => writeFileSync(flag(id), ""),
    close: () => rm(dir, { recursive: true }),
  };
}

runtimeCompliance("process runtime without namespaces", () => processMachine(false));
// Whoever is not root runs the first one only.
if (sandboxRefusal() === "")
  runtimeCompliance("process runtime with namespaces", () => processMachine(true));
