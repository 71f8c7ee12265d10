import {
  EndpointSpecMode,
  type Endpoint,
  type EndpointSpec,
  type Service,
  type ServiceSpec,
} from "../../proto/generated.ts";

const EMPTY_SPEC: EndpointSpec = { mode: EndpointSpecMode.VIP, ports: [] };

/** What a task says while it waits for the scheduler; swarm mode's words. */
export const PENDING_MESSAGE = "pending task scheduling";

/** The endpoint that a service asks for. */
export function wantedEndpoint(spec: ServiceSpec | null): EndpointSpec {
  return spec?.endpoint ?? EMPTY_SPEC;
}

/** Whether a service's endpoint is what its spec asks for: its tasks may be placed. */
export function isAllocated({ spec, endpoint }: Service): boolean {
  const wanted = wantedEndpoint(spec);
  const given = endpoint?.spec ?? null;
  return given === wanted || JSON.stringify(given) === JSON.stringify(wanted);
}

/** The endpoint of a service that publishes no port, for which nothing is to be allocated. */
export function plainEndpoint(spec: ServiceSpec): Endpoint | null {
  const wanted = wantedEndpoint(spec);
  return wanted.ports.length === 0 ? { spec: wanted, ports: [], virtualIps: [] } : null;
}
