import assert from "node:assert/strict";
import { Backlog } from "../../../manager/scheduler/backlog.ts";
import { NodeSet, type Opening } from "../../../manager/scheduler/node-set.ts";
import { Pipeline } from "../../../manager/scheduler/pipeline.ts";
import type { Node, Task } from "../../../proto/generated.ts";
import { sizedNode, sizedService, tasksOf, type Wish } from "./cases.ts";

describe("waiting tasks", () => {
  /** A backlog in which a task with `wish` waits for one of `nodes`. */
  function waiting(wish: Wish, nodes: readonly Node[]) {
    const set = new NodeSet();
    for (const node of nodes) set.putNode(node, []);
    const [task] = tasksOf(sizedService("web", wish), 1) as [Task];
    const backlog = new Backlog();
    backlog.put(task);
    for (const group of backlog.takeReady()) {
      const pipeline = new Pipeline(task);
      backlog.block(group, pipeline, pipeline.explain(set.all()));
    }
    const wakes = (opening: Opening, node: Node): boolean => {
      set.putNode(node, []);
      for (const _ of backlog.open(new Map([[node.id, opening]]), set));
      return [...backlog.takeReady()].length > 0;
    };
    return { task, backlog, wakes };
  }

  it("that lack room are looked at when a node with room opens, not before", () => {
    const { wakes } = waiting({ cpus: 4 }, [sizedNode("n1", 2, 8)]);
    assert.equal(wakes("node", sizedNode("n2", 2, 8)), false);
    assert.equal(wakes("node", sizedNode("n3", 4, 8)), true);
  });

  it("that no node suits are not looked at when tasks end", () => {
    const placement = { constraints: ["node.hostname==n3"] };
    const { wakes } = waiting({ placement }, [sizedNode("n1", 2, 8)]);
    assert.equal(wakes("room", sizedNode("n3", 2, 8)), false);
    assert.equal(wakes("node", sizedNode("n3", 2, 8)), true);
  });

  it("whose node is given wait for that node alone", () => {
    const { task, backlog } = waiting({}, []);
    const given = { ...task, id: "given", nodeId: "n1" };
    backlog.put(given);
    assert.deepEqual([...backlog.takeGiven()], [given]);
    backlog.waitForNode(given);
    const open = (id: string) => {
      for (const _ of backlog.open(new Map([[id, "room"]]), new NodeSet()));
      return [...backlog.takeGiven()];
    };
    assert.deepEqual(open("n2"), []);
    assert.deepEqual(open("n1"), [given]);
  });

  it("go on waiting when only their own note on why has changed", () => {
    const { task, backlog } = waiting({ cpus: 4 }, [sizedNode("n1", 2, 8)]);
    backlog.put({ ...task, status: task.status && { ...task.status, err: "no suitable node" } });
    assert.deepEqual([...backlog.takeReady()], []);
    backlog.put({ ...task, id: "another" });
    assert.deepEqual([...backlog.takeReady()].length, 1);
  });
});
