import assert from "node:assert/strict";
import fc from "fast-check";
import { NodeInfo } from "../../../manager/scheduler/node-info.ts";
import { Pipeline } from "../../../manager/scheduler/pipeline.ts";
import { judge, smallestChange } from "../../../manager/scheduler/verdict.ts";
import { make } from "../../../proto/codec.ts";
import { NodeState, PublishMode, type Task } from "../../../proto/generated.ts";
import { sizedNode, sizedService, tasksOf } from "./cases.ts";

describe("verdicts", () => {
  const small = fc.integer({ min: 0, max: 3 });
  const wish = fc.record({
    cpus: small,
    gib: small,
    maxReplicas: small,
    architecture: fc.constantFrom("", "arm64", "amd64"),
    constraint: fc.constantFrom(
      "",
      "node.ip==10.0.0.0/8",
      "node.hostname!=n1",
      "what==x",
      "no operator",
    ),
    port: fc.constantFrom(0, 80),
  });
  const state = fc.constantFrom(NodeState.READY, NodeState.DOWN);

  it("find something lacking exactly where a filter refuses the node", () => {
    const property = fc.property(wish, wish, small, state, (own, other, count, nodeState) => {
      const status = make("NodeStatus", { state: nodeState, addr: "10.1.1.1" });
      const info = new NodeInfo(sizedNode("n1", 3, 3, { status }));
      const taskOf = (w: typeof own, count: number): readonly Task[] => {
        const placement = {
          maxReplicas: w.maxReplicas,
          platforms: w.architecture ? [{ architecture: w.architecture, os: "" }] : [],
          constraints: w.constraint ? [w.constraint] : [],
        };
        const port = make("PortConfig", {
          publishMode: PublishMode.HOST,
          publishedPort: w.port,
        });
        const endpoint = make("Endpoint", { spec: make("EndpointSpec", { ports: [port] }) });
        const { cpus, gib } = w;
        const service = sizedService("web", { cpus, gib, placement });
        return tasksOf(service, count).map((task) => ({ ...task, endpoint }));
      };
      for (const task of taskOf(other, count)) info.add(task);
      const task = { ...(taskOf(own, 1)[0] as Task), id: "judged" };
      const fits = new Pipeline(task).fits(info);
      const verdict = judge(task, info);
      assert.equal(verdict.lacks.length === 0, fits);
      assert.equal(smallestChange([verdict]) === undefined, fits);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
