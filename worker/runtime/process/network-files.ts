import type { DnsConfig, ProcessSpec } from "../../../proto/generated.ts";

/** The files that tell a program who is where. */
export const HOSTS = "/etc/hosts";
export const RESOLV_CONF = "/etc/resolv.conf";

/** Content of a task's own file, by its path; the others it finds as they are on the node. */
export type NetworkFiles = Readonly<Partial<Record<typeof HOSTS | typeof RESOLV_CONF, string>>>;

/**
 * The network files that a spec asks for; `read` gives those of the node, empty where there is none.
 * As an engine writes them for a container on the host's network: hosts come behind the node's, and
 * each part of the DNS configuration that is given takes the place of the node's.
 */
export function networkFiles(
  { hosts, dnsConfig }: Pick<ProcessSpec, "hosts" | "dnsConfig">,
  read: (path: string) => string,
): NetworkFiles {
  return {
    ...(hosts.length > 0 && { [HOSTS]: hostsFile(hosts, read(HOSTS)) }),
    ...(hasDns(dnsConfig) && { [RESOLV_CONF]: resolvConf(dnsConfig, read(RESOLV_CONF)) }),
  };
}

/** Whether anything is configured at all. */
export function hasDns(config: DnsConfig | null): config is DnsConfig {
  if (!config) return false;
  return [config.nameservers, config.search, config.options].some((part) => part.length > 0);
}

function hostsFile(hosts: readonly string[], node: string): string {
  const lines = hosts.flatMap((line) => {
    const [address = "", ...names] = line.trim().split(/\s+/);
    return names.map((name) => `${address}\t${name}`);
  });
  const before = node === "" || node.endsWith("\n") ? node : `${node}\n`;
  return `${before}${lines.join("\n")}\n`;
}

/** resolv.conf(5): the last `search` or `domain` counts, servers and options add up. */
function resolvConf(config: DnsConfig, node: string): string {
  const words = node.split("\n").map((line) => line.trim().split(/\s+/));
  const nodes = (...keywords: string[]): readonly (readonly string[])[] =>
    words.filter(([keyword = ""]) => keywords.includes(keyword)).map((line) => line.slice(1));
  const given = (own: readonly string[], others: readonly string[]): readonly string[] =>
    own.length > 0 ? own : others;
  const servers = given(config.nameservers, nodes("nameserver").flat());
  const search = given(config.search, nodes("search", "domain").at(-1) ?? []);
  const options = given(config.options, nodes("options").flat());
  // A lone dot means no search list at all, as for containers.
  const hasSearch = search.length > 0 && !(search.length === 1 && search[0] === ".");
  const lines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(hasSearch ? [`search ${search.join(" ")}`] : []),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}
