import type { Network } from "../api/types.ts";
import type { Listing, Row } from "./listing.ts";
import { labelReader, labelText } from "./labels.ts";

/** `network ls`. */
export const NETWORK_LISTING: Listing = {
  table: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
  headers: {
    ID: "NETWORK ID",
    Name: "NAME",
    Driver: "DRIVER",
    Scope: "SCOPE",
    IPv4: "IPV4",
    IPv6: "IPV6",
    Internal: "INTERNAL",
    Labels: "LABELS",
    CreatedAt: "CREATED AT",
  },
  quiet: "{{.ID}}",
};

const SHORT_ID_LENGTH = 12;

/** Rows in order of name. */
export function networkRows(networks: readonly Network[], noTrunc: boolean): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return networks
    .toSorted((a, b) => byName.compare(a.Name, b.Name))
    .map((network) => ({
      ID: noTrunc ? network.Id : network.Id.slice(0, SHORT_ID_LENGTH),
      Name: network.Name,
      Driver: network.Driver,
      Scope: network.Scope,
      IPv4: String(network.EnableIPv4 ?? true),
      IPv6: String(network.EnableIPv6 ?? false),
      Internal: String(network.Internal ?? false),
      Labels: labelText(network.Labels),
      Label: labelReader(network.Labels),
      CreatedAt: goTime(network.Created),
    }));
}

/** An RFC 3339 time in UTC as Go prints a time: `2026-11-20 08:00:00.123 +0000 UTC`. */
function goTime(time: string): string {
  return time.replace("T", " ").replace(/Z$/, " +0000 UTC");
}
