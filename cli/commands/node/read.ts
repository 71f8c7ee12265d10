import { segment, type Engine } from "../../api/engine.ts";
import type { Info, Node, NodeSpec } from "../../api/types.ts";

/** The node that `name` means: an id, a host name, an id's prefix, or `self`. */
export async function readNode(engine: Engine, name: string): Promise<Node> {
  const id = name === "self" ? await selfId(engine) : name;
  return engine.request<Node>({ method: "GET", path: `/nodes/${segment(id)}` });
}

async function selfId(engine: Engine): Promise<string> {
  const info = await engine.request<Info>({ method: "GET", path: "/info" });
  // Without a swarm there is no id; the list's error says what to do.
  if (info.Swarm.NodeID === "") await engine.request({ method: "GET", path: "/nodes" });
  return info.Swarm.NodeID;
}

/** Writes a node's changed spec back; fails when the node has changed since it was read. */
export async function writeNode(engine: Engine, node: Node, spec: NodeSpec): Promise<void> {
  await engine.request({
    method: "POST",
    path: `/nodes/${segment(node.ID)}/update`,
    query: { version: node.Version.Index },
    body: spec,
  });
}
