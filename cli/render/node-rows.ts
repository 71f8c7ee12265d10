import type { Node, SwarmInfo } from "../api/types.ts";
import { capitalize } from "./ago.ts";
import type { Listing, Row } from "./listing.ts";

/** `node ls`. */
export const NODE_LISTING: Listing = {
  table:
    "{{.ID}} {{if .Self}}*{{else}} {{end}}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}\t" +
    "{{.ManagerStatus}}\t{{.EngineVersion}}",
  headers: {
    ID: "ID",
    Hostname: "HOSTNAME",
    Status: "STATUS",
    Availability: "AVAILABILITY",
    ManagerStatus: "MANAGER STATUS",
    EngineVersion: "ENGINE VERSION",
    TLSStatus: "TLS STATUS",
    Self: "",
  },
  quiet: "{{.ID}}",
};

/** Rows in order of host name, numbers by value. `self` marks the node asked. */
export function nodeRows(nodes: readonly Node[], self: SwarmInfo | undefined): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return nodes
    .toSorted(
      (a, b) =>
        byName.compare(a.Description.Hostname ?? "", b.Description.Hostname ?? "") ||
        a.ID.localeCompare(b.ID),
    )
    .map((node) => ({
      ID: node.ID,
      Self: node.ID === self?.NodeID,
      Hostname: node.Description.Hostname ?? "",
      Status: capitalize(node.Status.State),
      Availability: capitalize(node.Spec.Availability),
      ManagerStatus: managerStatus(node),
      EngineVersion: node.Description.Engine?.EngineVersion ?? "",
      TLSStatus: tlsStatus(node, self),
    }));
}

function managerStatus(node: Node): string {
  if (!node.ManagerStatus) return "";
  return node.ManagerStatus.Leader
    ? "Leader"
    : capitalize(node.ManagerStatus.Reachability ?? "unknown");
}

function tlsStatus(node: Node, self: SwarmInfo | undefined): string {
  const theirs = node.Description.TLSInfo;
  const ours = self?.Cluster?.TLSInfo;
  if (theirs?.TrustRoot === undefined || ours?.TrustRoot === undefined) return "Unknown";
  const same =
    theirs.TrustRoot === ours.TrustRoot &&
    theirs.CertIssuerSubject === ours.CertIssuerSubject &&
    theirs.CertIssuerPublicKey === ours.CertIssuerPublicKey;
  return same ? "Ready" : "Needs Rotation";
}
