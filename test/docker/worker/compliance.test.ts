import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { make } from "../../../proto/codec.ts";
import { MountType } from "../../../proto/generated.ts";
import { openDockerRuntime } from "../../../worker/runtime/docker/docker-runtime.ts";
import { shellProgram } from "../../compliance/programs.ts";
import { runtimeCompliance, type Machine } from "../../compliance/runtime.ts";
import { containerTask } from "../../worker/runtime/tasks.ts";
import { IMAGE, useEngine } from "../engine.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
/** Where containers see the files that release them. */
const FLAGS = "/flags";

describe("docker runtime", function () {
  this.timeout(60_000);
  const engine = useEngine();

  async function dockerMachine(): Promise<Machine> {
    const dir = await mkdtemp(join(tmpdir(), "skep-docker-"));
    mkdirSync(join(dir, "flags"));
    const options = { dockerHost: engine().host, payloadDir: join(dir, "payloads"), node: NODE };
    const modules = { clock: systemClock, log: silentLog };
    const mount = make("Mount", {
      type: MountType.BIND,
      source: join(dir, "flags"),
      target: FLAGS,
    });
    return {
      open: () => openDockerRuntime(options, modules, new AbortController().signal),
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
