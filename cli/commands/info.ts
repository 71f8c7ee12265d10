import { formatDuration } from "../../lib/units.ts";
import type { Cluster, Info, Labels, SwarmInfo } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { textFlag } from "../flags/option.ts";
import { compileTemplate } from "../template/evaluate.ts";

/** `swarm info`: what this node knows of its swarm. */
export function addInfo(parent: SwarmCommand, context: Context): void {
  const command = parent.command("info").description("Display this node's part in the swarm");
  command
    .addOption(textFlag("f,format", "'json', or a Go template of the engine's info"))
    .action(async ({ format }: { readonly format?: string }) => {
      const engine = await engineOf(command, context);
      const info = await engine.request<Info>({ method: "GET", path: "/info" });
      if (format === undefined) context.out.write(infoText(info, engine.endpoint.url));
      else if (format === "json") context.out.write(`${JSON.stringify(info)}\n`);
      else context.out.write(`${compileTemplate(format)(info)}\n`);
      for (const warning of info.Swarm.Warnings ?? []) context.err.write(`${warning}\n`);
    });
}

/** The swarm's part of `docker info`, and the socket it came from. */
export function infoText({ Name, Swarm }: Info, url: string): string {
  const lines: string[] = [`Host: ${url}`];
  if (Name) lines.push(`Name: ${Name}`);
  lines.push(`Swarm: ${Swarm.LocalNodeState}`);
  if (Swarm.LocalNodeState !== "inactive") lines.push(...memberLines(Swarm));
  return `${lines.join("\n")}\n`;
}

function memberLines(swarm: SwarmInfo): readonly string[] {
  const lines = [` NodeID: ${swarm.NodeID}`];
  if (swarm.Error) lines.push(` Error: ${swarm.Error}`);
  lines.push(` Is Manager: ${swarm.ControlAvailable}`);
  if (swarm.Cluster && swarm.ControlAvailable) lines.push(...clusterLines(swarm, swarm.Cluster));
  lines.push(` Node Address: ${swarm.NodeAddr}`);
  const managers = (swarm.RemoteManagers ?? []).map((manager) => manager.Addr).toSorted();
  if (managers.length > 0)
    lines.push(" Manager Addresses:", ...managers.map((addr) => `  ${addr}`));
  return lines;
}

function clusterLines(swarm: SwarmInfo, cluster: Cluster): readonly string[] {
  const { Spec: spec } = cluster;
  return [
    ` ClusterID: ${cluster.ID}`,
    ...(swarm.Managers === undefined ? [] : [` Managers: ${swarm.Managers}`]),
    ...(swarm.Nodes === undefined ? [] : [` Nodes: ${swarm.Nodes}`]),
    ...(cluster.DefaultAddrPool?.length
      ? [` Default Address Pool: ${cluster.DefaultAddrPool.join("  ")}`]
      : []),
    ...(cluster.SubnetSize ? [` SubnetSize: ${cluster.SubnetSize}`] : []),
    ...(cluster.DataPathPort ? [` Data Path Port: ${cluster.DataPathPort}`] : []),
    " Orchestration:",
    `  Task History Retention Limit: ${spec.Orchestration?.TaskHistoryRetentionLimit ?? 0}`,
    ...placementLines(spec.Labels ?? {}),
    " Raft:",
    `  Snapshot Interval: ${spec.Raft?.SnapshotInterval ?? 0}`,
    `  Number of Old Snapshots to Retain: ${spec.Raft?.KeepOldSnapshots ?? 0}`,
    `  Heartbeat Tick: ${spec.Raft?.HeartbeatTick ?? 0}`,
    `  Election Tick: ${spec.Raft?.ElectionTick ?? 0}`,
    " Dispatcher:",
    `  Heartbeat Period: ${formatDuration(spec.Dispatcher?.HeartbeatPeriod ?? 0)}`,
    " CA Configuration:",
    `  Expiry Duration: ${formatDuration(spec.CAConfig?.NodeCertExpiry ?? 0)}`,
    `  Force Rotate: ${spec.CAConfig?.ForceRotate ?? 0}`,
    ` Autolock Managers: ${spec.EncryptionConfig?.AutoLockManagers ?? false}`,
    ` Root Rotation In Progress: ${cluster.RootRotationInProgress ?? false}`,
  ];
}

/** What the swarm places and moves by, where that is not what it does by itself. */
function placementLines(labels: Labels): readonly string[] {
  const strategy = labels["skep.strategy"];
  const moves = labels["skep.rebalance.max-moves"];
  const interval = labels["skep.rebalance.interval"] ?? "10m";
  const warmUp = labels["skep.rebalance.warm-up"] ?? "5m";
  return [
    ...(strategy ? [`  Placement Strategy: ${strategy}`] : []),
    ...(moves
      ? [`  Rebalance: up to ${moves} tasks in ${interval}, to nodes up for ${warmUp}`]
      : []),
  ];
}
