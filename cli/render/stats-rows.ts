import type { Listing, Row } from "./listing.ts";

/** `task stats`: docker's columns, and the node. */
export const STATS_LISTING: Listing = {
  table:
    "{{.ID}}\t{{.Name}}\t{{.Node}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t" +
    "{{.BlockIO}}\t{{.PIDs}}",
  headers: {
    ID: "TASK ID",
    Name: "NAME",
    Node: "NODE",
    CPUPerc: "CPU %",
    MemUsage: "MEM USAGE / LIMIT",
    MemPerc: "MEM %",
    NetIO: "NET I/O",
    BlockIO: "BLOCK I/O",
    PIDs: "PIDS",
    Error: "ERROR",
  },
  quiet: "{{.ID}}",
};

/** One measurement of a task, as the engine sends it; what is not known is left out. */
export interface Sample {
  readonly TaskID: string;
  readonly Error?: string;
  readonly Time?: string;
  readonly CPUNanoseconds?: number;
  readonly MemoryBytes?: number;
  readonly MemoryLimitBytes?: number;
  readonly PIDs?: number;
  readonly NetworkReceivedBytes?: number;
  readonly NetworkSentBytes?: number;
  readonly BlockReadBytes?: number;
  readonly BlockWrittenBytes?: number;
}

/** A task with its latest sample and the one before: a share of the CPU takes two. */
export interface Measured {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly before?: Sample;
  readonly latest?: Sample;
}

const UNKNOWN = "--";
const SHORT_ID_LENGTH = 12;
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const DECIMAL_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A size in the largest unit that leaves a whole part, with so many significant digits. */
function size(bytes: number, step: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

function binary(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : size(bytes, 1024, BINARY_UNITS, 4);
}

function decimal(bytes: number | undefined): string {
  return bytes === undefined ? UNKNOWN : size(bytes, 1000, DECIMAL_UNITS, 3);
}

function percent(share: number | undefined): string {
  return share === undefined ? UNKNOWN : `${(share * 100).toFixed(2)}%`;
}

/** CPUs used between two samples; undefined when they do not tell. */
function cpus({ before, latest }: Measured): number | undefined {
  if (latest?.CPUNanoseconds === undefined || before?.CPUNanoseconds === undefined)
    return undefined;
  const elapsedMs = Date.parse(latest.Time ?? "") - Date.parse(before.Time ?? "");
  if (!(elapsedMs > 0)) return undefined;
  return Math.max(0, latest.CPUNanoseconds - before.CPUNanoseconds) / (elapsedMs * 1e6);
}

function row(measured: Measured, noTrunc: boolean): Row {
  const { id, name, node, latest } = measured;
  const used = latest?.MemoryBytes;
  const limit = latest?.MemoryLimitBytes;
  return {
    ID: noTrunc ? id : id.slice(0, SHORT_ID_LENGTH),
    Name: name,
    Node: node,
    CPUPerc: percent(cpus(measured)),
    MemUsage: `${binary(used)} / ${binary(limit)}`,
    MemPerc: percent(used === undefined || !limit ? undefined : used / limit),
    NetIO: `${decimal(latest?.NetworkReceivedBytes)} / ${decimal(latest?.NetworkSentBytes)}`,
    BlockIO: `${decimal(latest?.BlockReadBytes)} / ${decimal(latest?.BlockWrittenBytes)}`,
    PIDs: latest?.PIDs === undefined ? UNKNOWN : String(latest.PIDs),
    Error: latest?.Error ?? "",
  };
}

/** Rows by name. */
export function statsRows(all: readonly Measured[], noTrunc: boolean): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return all
    .toSorted((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1))
    .map((measured) => row(measured, noTrunc));
}
