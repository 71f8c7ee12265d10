import { SwarmError } from "../../lib/errors.ts";
import { FakeRuntime } from "../fakes/runtime.ts";
import { processTask } from "../worker/runtime/tasks.ts";
import { runtimeCompliance, type Machine, type Program } from "./runtime.ts";

/** The fake's world, and programs that it carries out as they say. */
function fakeMachine(): Machine {
  const world = new FakeRuntime();
  const programs = new Map<string, Program>();
  world.hook = (step, id) => {
    const program = programs.get(id);
    if (step === "start" && program?.does === "miss")
      throw new SwarmError("not-found", "there is no such program");
    if (step === "start" && program?.does === "sick")
      throw new SwarmError("failed-precondition", "unhealthy");
  };
  world.started = (id) => {
    const program = programs.get(id);
    if (program?.does === "print") {
      for (const line of program.out) world.print(id, line);
      for (const line of program.err) world.print(id, line, "stderr");
      world.finish(id);
    }
    if (program?.does === "ignore-stop") world.print(id, "deaf");
    if (program?.does === "exit" && program.when === "started") world.finish(id, program.code);
  };
  world.stopStatus = (id) => (programs.get(id)?.does === "ignore-stop" ? 137 : 143);
  return {
    open: async () => world,
    task: (id, program, secrets) => {
      programs.set(id, program);
      return processTask(id, { command: ["program"], secrets });
    },
    release: async (id) => {
      const program = programs.get(id);
      if (program?.does === "exit") world.finish(id, program.code);
    },
    close: async () => {},
  };
}

runtimeCompliance("fake runtime", async () => fakeMachine());
