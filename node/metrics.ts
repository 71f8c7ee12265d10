import http from "node:http";
import type * as PrometheusClientModule from "prom-client";
import type { Registry } from "prom-client";
import { SwarmError } from "../lib/errors.ts";
import { NodeState, TaskState } from "../proto/generated.ts";
import type { LocalNode } from "./local-node.ts";

/** A Prometheus endpoint. */
export interface Metrics {
  close(): Promise<void>;
}

const nameOf = (values: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(values)
    .find(([, number]) => number === value)?.[0]
    .toLowerCase() ?? "unknown";

function countBy(items: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

type PrometheusClient = typeof PrometheusClientModule;

/** Gauges with SwarmKit's names, read when they are asked for. */
function registerGauges({ Gauge }: PrometheusClient, registry: Registry, node: LocalNode): void {
  const registers = [registry];
  const manager = () => node.member?.manager;
  const view = () => manager()?.store.view;
  new Gauge({
    name: "swarm_node_manager",
    help: "Whether this node is a manager",
    registers,
    collect() {
      this.set(manager() ? 1 : 0);
    },
  });
  new Gauge({
    name: "swarm_manager_leader",
    help: "Whether this manager leads the swarm",
    registers,
    collect() {
      this.set(manager()?.isLeading ? 1 : 0);
    },
  });
  new Gauge({
    name: "swarm_manager_nodes",
    help: "Nodes by state",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      const states = [...(view()?.node.all() ?? [])].map((n) =>
        nameOf(NodeState, n.status?.state ?? 0),
      );
      for (const [state, count] of countBy(states)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "swarm_manager_tasks_total",
    help: "Tasks by observed state",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      const states = [...(view()?.task.all() ?? [])].map((t) =>
        nameOf(TaskState, t.status?.state ?? 0),
      );
      for (const [state, count] of countBy(states)) this.set({ state }, count);
    },
  });
}

function registerTotals({ Gauge }: PrometheusClient, registry: Registry, node: LocalNode): void {
  for (const kind of ["service", "network", "secret", "config"] as const) {
    new Gauge({
      name: `swarm_manager_${kind}s_total`,
      help: `Number of ${kind}s`,
      registers: [registry],
      collect() {
        this.set(node.member?.manager?.store.view[kind].size ?? 0);
      },
    });
  }
}

/**
 * Serves `GET /metrics` at `addr` (`ip:port`), in plain text: bind it to an address that only the
 * collector reaches. It shows counts and no names.
 */
export async function openMetrics(addr: string, node: LocalNode): Promise<Metrics> {
  // Loaded only where metrics are asked for: it would slow down every start.
  const client = await import("prom-client");
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  registerGauges(client, registry, node);
  registerTotals(client, registry, node);
  const server = http.createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const at = addr.lastIndexOf(":");
  const host = addr.slice(0, at).replace(/^\[|\]$/g, "") || "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const text = `cannot serve metrics on ${addr}: ${cause.message}; choose another --metrics-addr`;
      reject(new SwarmError("unavailable", text, { cause }));
    });
    server.listen(Number(addr.slice(at + 1)), host, resolve);
  });
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}
