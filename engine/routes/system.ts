import { NodeRole, ReadConsistency } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import {
  API_VERSION_MAX,
  API_VERSION_MIN,
  formatVersion,
  type ApiVersion,
} from "../api-version.ts";
import { askLocal } from "../local/ask-local.ts";
import type { EngineModules } from "../modules.ts";
import { toHttpError } from "../request-error.ts";
import { json, type Reply, type Route } from "../route.ts";
import type { LocalState } from "../swarm-node.ts";
import { timeText, type Json } from "../translate/common.ts";
import { infoJson } from "../translate/info.ts";
import { clusterInfoJson } from "../translate/swarm.ts";

const TWO_MANAGERS_WARNING =
  "WARNING: Running Swarm in a two-manager configuration. This configuration provides no fault " +
  "tolerance, and poses a high risk to lose control over the cluster.";

/** Newest version spoken: ours, or the local engine's when that is older. */
export function maxVersion({ passthrough }: EngineModules): ApiVersion {
  return Math.min(API_VERSION_MAX, passthrough?.apiVersion ?? API_VERSION_MAX);
}

/** The value of the ping's `Swarm` header. */
function swarmWord({ state, controlAvailable }: LocalState): string {
  if (state !== "active") return state;
  return controlAvailable ? "active/manager" : "active/worker";
}

function ping(request: ApiRequest): Reply {
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
    "Builder-Version": "2",
    Swarm: swarmWord(request.modules.node.localState()),
  };
  return { kind: "text", text: "OK", headers };
}

/** What the local engine says of itself, as one more component. */
async function localComponents(request: ApiRequest): Promise<readonly Json[]> {
  const reply = await askLocal(request, { method: "GET", path: "/version" });
  if (reply?.status !== 200) return [];
  const { Version, ...local } = reply.body as Json;
  const [engine] = (local["Components"] ?? []) as readonly Json[];
  return [{ Name: "Docker Engine", Version, Details: engine?.["Details"] ?? {} }];
}

async function version(request: ApiRequest): Promise<Reply> {
  const { modules } = request;
  const facts = modules.node.hostFacts();
  const versions = {
    ApiVersion: formatVersion(maxVersion(modules)),
    MinAPIVersion: formatVersion(API_VERSION_MIN),
    GitCommit: "",
    GoVersion: "",
    Os: facts.os,
    Arch: facts.architecture === "x86_64" ? "amd64" : facts.architecture,
    KernelVersion: facts.kernelVersion,
    BuildTime: "",
  };
  const Details = { ...versions, Experimental: "false" };
  return json({
    Platform: { Name: "Skep" },
    Components: [
      { Name: "Engine", Version: facts.version, Details },
      ...(await localComponents(request)),
    ],
    Version: facts.version,
    ...versions,
  });
}

/** What only managers know: counts and the cluster. Their failure is a text, not an error. */
async function managerInfo(request: ApiRequest): Promise<Json> {
  const control = request.control();
  const consistency = ReadConsistency.LOCAL;
  try {
    const { cluster } = await control.getCluster({ consistency }, request.call);
    const all = { filter: null, page: null, consistency };
    const { nodes } = await control.listNodes(all, request.call);
    const managers = nodes.filter((node) => node.spec?.desiredRole === NodeRole.MANAGER).length;
    return {
      Nodes: nodes.length,
      Managers: managers,
      Cluster: cluster ? clusterInfoJson(cluster) : undefined,
      Warnings: managers === 2 ? [TWO_MANAGERS_WARNING] : undefined,
    };
  } catch (error) {
    return { Error: toHttpError(error).message };
  }
}

async function info(request: ApiRequest): Promise<Reply> {
  const { modules } = request;
  const state = modules.node.localState();
  const asks = state.controlAvailable && state.error === "" && modules.control() !== undefined;
  const remotes = state.remoteManagers.map(({ nodeId, addr }) => ({ NodeID: nodeId, Addr: addr }));
  const swarm = {
    NodeID: state.nodeId,
    NodeAddr: state.nodeAddr,
    LocalNodeState: state.state,
    ControlAvailable: state.controlAvailable,
    Error: state.error,
    RemoteManagers: remotes.length === 0 ? null : remotes,
    ...(asks ? await managerInfo(request) : {}),
  };
  const local = await askLocal(request, { method: "GET", path: "/info" });
  const host = local?.status === 200 ? (local.body as Json) : infoJson(modules.node.hostFacts());
  const id = state.nodeId || host["ID"] || "";
  return json({ ...host, ID: id, SystemTime: timeText(modules.clock.now()), Swarm: swarm });
}

export const systemRoutes: readonly Route[] = [
  { method: "GET", path: "/_ping", handle: ping },
  { method: "HEAD", path: "/_ping", handle: ping },
  { method: "GET", path: "/version", handle: version },
  { method: "GET", path: "/info", handle: info },
];
