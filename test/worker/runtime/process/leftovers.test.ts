import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { sandboxRefusal } from "../../../../worker/runtime/process/sandbox.ts";
import type { Runtime, TaskController } from "../../../../worker/runtime/runtime.ts";
import { skipWhere } from "../../../skip-where.ts";
import { noFiles, processTask } from "../tasks.ts";
import { eventually } from "../wait.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const signal = new AbortController().signal;

/** How many processes have exactly this command line. */
function count(command: string): number {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
      } catch {
        return "";
      }
    });
  return lines.filter((line) => line === command).length;
}

for (const sandbox of [true, false])
  describe(`what a task leaves behind ${sandbox ? "in a sandbox" : "without a sandbox"}`, () => {
    let dir: string;
    let runtime: Runtime;
    /** A time that no other sleep on this machine has. */
    let time = "";
    let runs = 0;

    const open = async (): Promise<void> => {
      const modules = { clock: systemClock, log: silentLog };
      runtime = await openProcessRuntime({ dir, node: NODE, sandbox }, modules);
    };

    before(function () {
      if (sandbox) skipWhere(this, sandboxRefusal());
    });

    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), "skep-left-"));
      time = `${5_000 + runs++}.${process.pid}`;
      await open();
      await runtime.adopt(new Set(), signal);
    });

    afterEach(async () => {
      await runtime.adopt(new Set(), signal);
      await runtime.close();
      await rm(dir, { recursive: true });
    });

    async function run(script: string): Promise<TaskController> {
      const command = ["sh", "-c", script];
      const task = processTask("t1", { command, stopGracePeriodNs: { value: 50e6 } });
      const controller = runtime.controller(task, noFiles);
      await controller.start(signal);
      return controller;
    }

    const daemon = (): string => `setsid sleep ${time} & sleep 0.01; (setsid sleep ${time} &)`;

    it("ends with it when it is stopped, daemons too", async () => {
      const controller = await run(`${daemon()}; exec sleep ${time}`);
      await eventually(() => count(`sleep ${time}`) === 3);
      await controller.shutdown(signal);
      assert.equal(count(`sleep ${time}`), 0);
    });

    it("ends with it when it ends by itself, before it is told", async () => {
      const controller = await run(
        `${daemon()}; until [ -e ${dir}/go ]; do sleep 0.01; done; exit 3`,
      );
      await eventually(() => count(`sleep ${time}`) === 2);
      writeFileSync(join(dir, "go"), "");
      assert.equal((await controller.wait(signal)).code, 3);
      assert.equal(count(`sleep ${time}`), 0);
    });

    it("is found by its group though it has dropped its environment", async () => {
      await run(`env -i sleep ${time} & exec sleep ${time}`);
      await eventually(() => count(`sleep ${time}`) === 2);
      await runtime.close();
      await open();
      await runtime.adopt(new Set(), signal);
      assert.equal(count(`sleep ${time}`), 0);
    });

    it("is nothing, however many it makes, and however deaf they are", async () => {
      const bomb = `trap "" TERM INT HUP; for i in 1 2 3 4 5 6 7 8; do setsid sh -c 'trap "" TERM; ${[
        `setsid sleep ${time} &`,
        `sleep ${time} &`,
        `exec sleep ${time}`,
      ].join(" ")}' & done; wait`;
      const controller = await run(bomb);
      await eventually(() => count(`sleep ${time}`) === 24);
      await controller.shutdown(signal);
      assert.equal((await controller.wait(signal)).code, 137);
      assert.equal(count(`sleep ${time}`), 0);
    });
  });
