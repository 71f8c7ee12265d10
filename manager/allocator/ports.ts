import {
  PublishMode,
  type Endpoint,
  type PortConfig,
  type PortProtocol,
  type Service,
} from "../../proto/generated.ts";
import { wantedEndpoint } from "../resources/endpoint.ts";

/** Ports given to services that did not ask for a certain one (SwarmKit's range). */
const DYNAMIC_PORT_MIN = 30_000;
const DYNAMIC_PORT_MAX = 32_767;

const key = (protocol: PortProtocol, port: number): string => `${protocol}/${port}`;

/** The published ingress ports of a cluster. */
export class PortSpace {
  readonly #owners = new Map<string, string>();
  #next = DYNAMIC_PORT_MIN;

  /** Notes what `service` holds or asks for (both are leases), in place of what it held. */
  hold(service: Service): void {
    this.release(service.id);
    const wanted = service.spec?.endpoint?.ports ?? [];
    for (const port of [...wanted, ...(service.endpoint?.ports ?? [])])
      if (port.publishMode === PublishMode.INGRESS && port.publishedPort !== 0)
        this.#owners.set(key(port.protocol, port.publishedPort), service.id);
  }

  release(serviceId: string): void {
    for (const [taken, owner] of this.#owners) if (owner === serviceId) this.#owners.delete(taken);
  }

  /** Whether another service than `serviceId` holds the port. */
  isTaken(serviceId: string, protocol: PortProtocol, port: number): boolean {
    const owner = this.#owners.get(key(protocol, port));
    return owner !== undefined && owner !== serviceId;
  }

  /** A free dynamic port, or 0 when none is left. Serial, so that a port just freed rests. */
  pick(serviceId: string, protocol: PortProtocol, taken: ReadonlySet<number>): number {
    const range = DYNAMIC_PORT_MAX - DYNAMIC_PORT_MIN + 1;
    for (let tried = 0; tried < range; tried++) {
      const port = this.#next;
      this.#next = port === DYNAMIC_PORT_MAX ? DYNAMIC_PORT_MIN : port + 1;
      if (!taken.has(port) && !this.isTaken(serviceId, protocol, port)) return port;
    }
    return 0;
  }
}

/**
 * The endpoint for a service's spec: explicit ports as asked, the others dynamic, and a dynamic
 * port kept from before where name, protocol and target are the same.
 * @returns undefined when a port is taken or none is left
 */
export function planEndpoint(service: Service, space: PortSpace): Endpoint | undefined {
  const spec = wantedEndpoint(service.spec);
  const ports: PortConfig[] = [];
  const taken = new Set(spec.ports.map((port) => port.publishedPort));
  for (const wanted of spec.ports) {
    if (wanted.publishMode === PublishMode.HOST) {
      ports.push(wanted);
      continue;
    }
    const before = service.endpoint?.ports.find(
      (old) =>
        old.name === wanted.name &&
        old.protocol === wanted.protocol &&
        old.targetPort === wanted.targetPort &&
        !taken.has(old.publishedPort),
    );
    const publishedPort =
      wanted.publishedPort ||
      before?.publishedPort ||
      space.pick(service.id, wanted.protocol, taken);
    if (publishedPort === 0 || space.isTaken(service.id, wanted.protocol, publishedPort))
      return undefined;
    taken.add(publishedPort);
    ports.push({ ...wanted, publishedPort });
  }
  return { spec, ports, virtualIps: service.endpoint?.virtualIps ?? [] };
}
