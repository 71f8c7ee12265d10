import type { Engine } from "../api/engine.ts";
import type { Service } from "../api/service-types.ts";
import type { Blob, Network, Node, Task } from "../api/types.ts";
import type { Candidate, NameKind } from "./target.ts";

/** The names of every object of `kind` in the cluster. */
export async function readCandidates(
  engine: Engine,
  kind: NameKind,
): Promise<readonly Candidate[]> {
  const list = <T>(): Promise<T[]> => engine.request<T[]>({ method: "GET", path: `/${kind}s` });
  switch (kind) {
    case "node":
      return (await list<Node>()).map((node) => ({
        word: node.Description.Hostname ?? node.ID,
        about: `${node.Spec.Role}, ${node.Status.State}`,
      }));
    case "service":
      return (await list<Service>()).map((service) => ({
        word: service.Spec.Name ?? service.ID,
        about: service.Spec.TaskTemplate.ContainerSpec?.Image ?? "",
      }));
    case "network":
      return (await list<Network>()).map(({ Name, Driver }) => ({ word: Name, about: Driver }));
    case "secret":
    case "config":
      return (await list<Blob>()).map(({ Spec }) => ({ word: Spec.Name, about: kind }));
    case "task":
      return (await list<Task>()).map((task) => ({ word: task.ID, about: task.Status.State }));
  }
}
