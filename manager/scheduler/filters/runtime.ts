import { nodes, type Filter } from "./filter.ts";

/** The node offers the runtime that the task is written for. */
export const runtimeFilter: Filter = {
  name: "runtime",
  about: "node",
  prepare(task) {
    const runtime = task.spec?.runtime;
    if (runtime !== "container" && runtime !== "process") return undefined;
    const offered = runtime === "container" ? "docker" : "process";
    return ({ node }) => node.description?.runtimes.includes(offered) ?? false;
  },
  explain: (count) => `unsupported runtime on ${nodes(count)}`,
};
