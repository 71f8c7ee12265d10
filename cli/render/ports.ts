import type { Port } from "../api/types.ts";

/** Published ports in docker's short form, runs of ports joined: `*:8080-8081->80-81/tcp`. */
export function formatPorts(ports: readonly Port[] = []): string {
  const sorted = ports
    .filter((port) => (port.PublishedPort ?? 0) > 0)
    .toSorted(
      (a, b) =>
        (a.Protocol ?? "tcp").localeCompare(b.Protocol ?? "tcp") ||
        (a.PublishedPort ?? 0) - (b.PublishedPort ?? 0),
    );
  const runs: Port[][] = [];
  for (const port of sorted) {
    const run = runs.at(-1);
    if (run && isNext(run.at(-1), port)) run.push(port);
    else runs.push([port]);
  }
  return runs.map(formatRun).join(", ");
}

function isNext(last: Port | undefined, port: Port): boolean {
  return (
    last?.Protocol === port.Protocol &&
    (last?.PublishedPort ?? 0) + 1 === port.PublishedPort &&
    (last?.TargetPort ?? 0) + 1 === port.TargetPort
  );
}

function formatRun(run: readonly Port[]): string {
  const [first, last] = [run[0], run.at(-1)];
  const range = (from = 0, to = 0): string => (from === to ? `${from}` : `${from}-${to}`);
  const published = range(first?.PublishedPort, last?.PublishedPort);
  const target = range(first?.TargetPort, last?.TargetPort);
  return `*:${published}->${target}/${first?.Protocol ?? "tcp"}`;
}
