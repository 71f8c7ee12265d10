import { formatBytes } from "../../lib/units.ts";
import type { Node } from "../api/types.ts";
import { capitalize } from "./ago.ts";
import { block, field, pairs, type Line } from "./lines.ts";

/** `node inspect --pretty`. */
export function nodeText(node: Node): string {
  const { Description: about, ManagerStatus: manager, Status: status } = node;
  const lines: readonly Line[] = [
    field("ID", node.ID),
    field("Name", node.Spec.Name),
    ...block("Labels", pairs(node.Spec.Labels)),
    field("Hostname", about.Hostname),
    field("Joined at", node.CreatedAt),
    ...block("Status", [
      field("State", capitalize(status.State)),
      field("Message", status.Message),
      field("Availability", capitalize(node.Spec.Availability)),
      field("Address", status.Addr),
    ]),
    ...(manager
      ? block("Manager Status", [
          field("Address", manager.Addr),
          field("Raft Status", capitalize(manager.Reachability ?? "unknown")),
          field("Leader", manager.Leader ? "Yes" : "No"),
        ])
      : []),
    ...block("Platform", [
      field("Operating System", about.Platform?.OS),
      field("Architecture", about.Platform?.Architecture),
    ]),
    ...block("Resources", [
      field("CPUs", (about.Resources?.NanoCPUs ?? 0) / 1e9),
      field("Memory", formatBytes(about.Resources?.MemoryBytes ?? 0)),
    ]),
    ...block("Plugins", pluginLines(node)),
    field("Engine Version", about.Engine?.EngineVersion),
    ...block("Engine Labels", pairs(about.Engine?.Labels)),
    ...block("TLS Info", [
      field("TrustRoot", `\n${(about.TLSInfo?.TrustRoot ?? "").trimEnd()}`),
      field("Issuer Subject", about.TLSInfo?.CertIssuerSubject),
      field("Issuer Public Key", about.TLSInfo?.CertIssuerPublicKey),
    ]),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

function pluginLines({ Description: { Engine } }: Node): readonly string[] {
  const byType = new Map<string, string[]>();
  for (const { Type, Name } of Engine?.Plugins ?? [])
    byType.set(Type, [...(byType.get(Type) ?? []), Name]);
  return [...byType].map(([type, names]) => `${type}: ${names.join(", ")}`);
}
