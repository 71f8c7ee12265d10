import { SwarmError } from "../../lib/errors.ts";
import {
  PublishMode,
  type ConfigReference,
  type Network,
  type NetworkAttachmentConfig,
  type PortConfig,
  type SecretReference,
  type Service,
  type ServiceSpec,
  type TaskSpec,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { forbidden, invalid } from "./validate/check.ts";
import { PREDEFINED_LABEL } from "./validate/network.ts";

function resolveAttachment(
  view: StoreView,
  attachment: NetworkAttachmentConfig,
): NetworkAttachmentConfig {
  const network = view.network.resolve(attachment.target);
  const name = network.spec?.annotations?.name ?? "";
  if (network.pendingDelete)
    throw new SwarmError("not-found", `network ${attachment.target} not found`);
  if (network.spec?.ingress) {
    const text = `Service cannot be explicitly attached to the ingress network "${name}"`;
    throw invalid(text);
  }
  const isNodes = Object.hasOwn(network.spec?.annotations?.labels ?? {}, PREDEFINED_LABEL);
  return { ...attachment, target: network.id, nodeNetwork: isNodes ? name : "" };
}

/** `spec` with the networks it names replaced by their ids; those that nodes have, keep their names. */
export function resolveNetworks(view: StoreView, spec: ServiceSpec): ServiceSpec {
  const { task } = spec;
  if (!task || task.networks.length === 0) return spec;
  const networks = task.networks.map((attachment) => resolveAttachment(view, attachment));
  return { ...spec, task: { ...task, networks } };
}

const publishedPorts = (ports: readonly PortConfig[] | undefined): readonly PortConfig[] =>
  (ports ?? []).filter((port) => port.publishedPort !== 0);

const portKey = (port: PortConfig): string => `${port.protocol}/${port.publishedPort}`;

/** Every port that `service` asks for or was given. */
function portsOf(service: Service): readonly PortConfig[] {
  return [
    ...publishedPorts(service.spec?.endpoint?.ports),
    ...publishedPorts(service.endpoint?.ports),
  ];
}

/**
 * Refuses a published port that another service has: a port of the routing mesh is taken on every
 * node, so it collides with any other use; host ports collide only with those.
 */
export function checkPorts(view: StoreView, spec: ServiceSpec, selfId: string): void {
  const wanted = new Map<string, PortConfig>();
  for (const port of publishedPorts(spec.endpoint?.ports)) wanted.set(portKey(port), port);
  if (wanted.size === 0) return;
  for (const service of view.service.all()) {
    if (service.id === selfId) continue;
    for (const port of portsOf(service)) {
      const mine = wanted.get(portKey(port));
      if (!mine) continue;
      const ingress = port.publishMode === PublishMode.INGRESS;
      if (!ingress && mine.publishMode !== PublishMode.INGRESS) continue;
      const name = service.spec?.annotations?.name ?? "";
      const kind = ingress ? "an ingress" : "a host-published";
      throw invalid(
        `port '${port.publishedPort}' is already in use by service '${name}' (${service.id}) ` +
          `as ${kind} port`,
      );
    }
  }
}

/** The network of the routing mesh, when there is one. */
export function ingressNetwork(view: StoreView): Network | undefined {
  for (const network of view.network.all()) if (network.spec?.ingress) return network;
  return undefined;
}

/** Whether the service publishes a port on the routing mesh. */
export function usesIngress(spec: ServiceSpec | null): boolean {
  const ports = spec?.endpoint?.ports ?? [];
  return ports.some((port) => port.publishMode === PublishMode.INGRESS);
}

function references(task: TaskSpec | null): {
  readonly secrets: readonly SecretReference[];
  readonly configs: readonly ConfigReference[];
} {
  if (task?.runtime === "container") return task.container;
  return task?.runtime === "process" ? task.process : { secrets: [], configs: [] };
}

function notFound(noun: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const plural = names.length > 1 ? "s" : "";
  throw invalid(`${noun}${plural} not found: ${names.join(", ")}`);
}

/** Refuses references to secrets and configs that do not exist under that id *and* name. */
function checkPayloads(view: StoreView, spec: ServiceSpec): void {
  const { secrets, configs } = references(spec.task);
  const secretOk = ({ secretId, secretName }: SecretReference): boolean =>
    view.secret.get(secretId)?.spec?.annotations?.name === secretName;
  const configOk = ({ configId, configName }: ConfigReference): boolean =>
    view.config.get(configId)?.spec?.annotations?.name === configName;
  notFound(
    "secret",
    secrets.filter((secret) => !secretOk(secret)).map(({ secretName }) => secretName),
  );
  notFound(
    "config",
    configs.filter((config) => !configOk(config)).map(({ configName }) => configName),
  );
}

/** The names of the services that `name` waits for before it starts. */
function dependenciesOf(view: StoreView, name: string): readonly string[] {
  const [service] = view.service.named(name);
  return service?.spec?.dependsOn.map(({ serviceName }) => serviceName) ?? [];
}

/** Refuses services that would wait for each other, and never start. */
function checkNoCycle(view: StoreView, spec: ServiceSpec): void {
  const self = spec.annotations?.name ?? "";
  const seen = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (name.toLowerCase() === self.toLowerCase())
      throw invalid(`services would wait for each other: ${[...path, self].join(" → ")}`);
    if (seen.has(name.toLowerCase())) return;
    seen.add(name.toLowerCase());
    for (const next of dependenciesOf(view, name)) visit(next, [...path, name]);
  };
  for (const { serviceName } of spec.dependsOn) visit(serviceName, [self]);
}

/**
 * Checks what a service refers to against the state, and returns its spec with ids in place of
 * network names. `selfId` is the service itself, empty for a new one.
 * @throws SwarmError `not-found`, `invalid`, `failed-precondition`
 */
export function checkReferences(view: StoreView, spec: ServiceSpec, selfId: string): ServiceSpec {
  const resolved = resolveNetworks(view, spec);
  checkPorts(view, resolved, selfId);
  if (usesIngress(resolved) && !ingressNetwork(view))
    throw forbidden("service needs ingress network, but no ingress network is present");
  checkPayloads(view, resolved);
  checkNoCycle(view, resolved);
  return resolved;
}
