import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { make } from "../../../proto/codec.ts";
import { MountType } from "../../../proto/generated.ts";
import { shellProgram } from "../../compliance/programs.ts";
import { runtimeCompliance, type Machine } from "../../compliance/runtime.ts";
import { containerTask } from "../../worker/runtime/tasks.ts";
import { openEngineRuntime } from "../engine-runtime.ts";
import { IMAGE, useEngine } from "../engine.ts";

/** Where containers see the files that release them. */
const FLAGS = "/flags";

describe("docker runtime", function () {
  this.timeout(60_000);
  const engine = useEngine();

  async function dockerMachine(): Promise<Machine> {
    const dir = await mkdtemp(join(tmpdir(), "skep-docker-"));
    mkdirSync(join(dir, "flags"));
    const mount = make("Mount", {
      type: MountType.BIND,
      source: join(dir, "flags"),
      target: FLAGS,
    });
    return {
      open: () => openEngineRuntime(engine().host, dir),
      task: (id, program, secrets) => {
        const shell = shellProgram(program, `${FLAGS}/${id}`);
        return containerTask(id, { ...shell, image: IMAGE, mounts: [mount], secrets });
      },
      release: async (id) => writeFileSync(join(dir, "flags", id), ""),
      close: () => rm(dir, { recursive: true }),
    };
  }

  runtimeCompliance("docker runtime", dockerMachine);
});
