import type {
  Cluster,
  Secret,
  SecretSpec,
  Service,
  ServiceSpec,
  Task,
  TaskSpec,
} from "../../proto/generated.ts";

/** Objects are returned as they are when there is nothing to hide, so that lists cost no copies. */

const NO_BYTES = new Uint8Array(0);

/** A secret without its data. */
export function redactSecret(secret: Secret): Secret {
  if (!secret.spec || secret.spec.data.length === 0) return secret;
  const spec: SecretSpec = { ...secret.spec, data: NO_BYTES };
  return { ...secret, spec };
}

function redactTaskSpec(spec: TaskSpec | null): TaskSpec | null {
  if (spec?.runtime !== "container" || spec.container.registryAuth === "") return spec;
  return { ...spec, container: { ...spec.container, registryAuth: "" } };
}

function redactServiceSpec(spec: ServiceSpec | null): ServiceSpec | null {
  const task = redactTaskSpec(spec?.task ?? null);
  return !spec || task === spec.task ? spec : { ...spec, task };
}

/** A service without registry credentials. */
export function redactService(service: Service): Service {
  const spec = redactServiceSpec(service.spec);
  const previousSpec = redactServiceSpec(service.previousSpec);
  if (spec === service.spec && previousSpec === service.previousSpec) return service;
  return { ...service, spec, previousSpec };
}

/** A task without registry credentials. */
export function redactTask(task: Task): Task {
  const spec = redactTaskSpec(task.spec);
  return spec === task.spec ? task : { ...task, spec };
}

/** The cluster without any private key. Join tokens stay: they are made to be shown. */
export function redactCluster(cluster: Cluster): Cluster {
  const { spec, rootCa } = cluster;
  const ca = spec?.ca && { ...spec.ca, signingCaCert: "", signingCaKey: "" };
  const rotation = rootCa?.rootRotation && { ...rootCa.rootRotation, caKey: "" };
  return {
    ...cluster,
    spec: spec && { ...spec, ca: ca ?? null },
    rootCa: rootCa && { ...rootCa, caKey: "", rootRotation: rotation ?? null },
    networkBootstrapKeys: [],
    unlockKey: NO_BYTES,
  };
}
