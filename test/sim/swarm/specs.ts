import type { SeededRandom } from "../../../lib/random.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  PortProtocol,
  PublishMode,
  RestartPolicyCondition,
  ScheduleConcurrency,
  ServiceDependencyCondition,
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  type ServiceSpec,
  type TaskSpec,
} from "../../../proto/generated.ts";
import { IMAGES } from "./fate.ts";

const ns = (ms: number) => make("OptionalInt64", { value: ms * 1e6 });

/** Objects that a new service may refer to. */
export interface Known {
  readonly secrets: readonly { readonly id: string; readonly name: string }[];
  readonly configs: readonly { readonly id: string; readonly name: string }[];
  readonly networks: readonly string[];
  readonly services: readonly string[];
  readonly schedulers: readonly string[];
}

function any<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.int(items.length)]!;
}

function oneIn(random: SeededRandom, n: number): boolean {
  return random.int(n) === 0;
}

function drawUpdate(random: SeededRandom) {
  if (oneIn(random, 5)) return null;
  return make("UpdateConfig", {
    parallelism: random.int(4),
    delayNs: oneIn(random, 3) ? random.int(2_000) * 1e6 : 0,
    failureAction: any(random, Object.values(UpdateConfigFailureAction)),
    monitorNs: oneIn(random, 4) ? null : ns(random.int(3_000)),
    maxFailureRatio: any(random, [0, 0, 0.3, 0.6]),
    order: any(random, Object.values(UpdateConfigOrder)),
    progressDeadlineNs: ns(3_000 + random.int(20_000)),
  });
}

function drawRestart(random: SeededRandom) {
  if (oneIn(random, 4)) return null;
  const { ANY, ON_FAILURE, NONE } = RestartPolicyCondition;
  return make("RestartPolicy", {
    condition: any(random, [ANY, ANY, ANY, ON_FAILURE, NONE]),
    delayNs: oneIn(random, 4) ? null : ns(random.int(2_000)),
    maxAttempts: oneIn(random, 3) ? 1 + random.int(3) : 0,
    windowNs: oneIn(random, 3) ? ns(1_000 + random.int(15_000)) : null,
  });
}

function drawTask(random: SeededRandom, known: Known, job: boolean): TaskSpec {
  const bad = oneIn(random, 3);
  const image = job
    ? bad
      ? "bad-work"
      : "work"
    : bad
      ? any(random, IMAGES.slice(2, 8))
      : any(random, IMAGES.slice(0, 2));
  const secret = oneIn(random, 3) ? known.secrets[random.int(known.secrets.length)] : undefined;
  const config = oneIn(random, 4) ? known.configs[random.int(known.configs.length)] : undefined;
  const network = oneIn(random, 4) ? known.networks[random.int(known.networks.length)] : undefined;
  const file = make("FileTarget", { name: "f" });
  const scheduler =
    known.schedulers.length > 0 && oneIn(random, 3) ? any(random, known.schedulers) : "";
  const constraint = any(random, ["node.labels.zone==a", "node.labels.zone!=a"]);
  return make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", {
      image: `${image}:${1 + random.int(1_000)}`,
      stopGracePeriodNs: ns(10_000),
      secrets: secret
        ? [make("SecretReference", { secretId: secret.id, secretName: secret.name, file })]
        : [],
      configs: config
        ? [
            make("ConfigReference", {
              configId: config.id,
              configName: config.name,
              target: "file",
              file,
            }),
          ]
        : [],
    }),
    restart: drawRestart(random),
    resources: oneIn(random, 2)
      ? make("ResourceRequirements", {
          reservations: make("Resources", {
            nanoCpus: any(random, [0, 1e8, 5e8]),
            memoryBytes: any(random, [0, 2 ** 28, 2 ** 29]),
          }),
        })
      : null,
    placement: make("Placement", {
      constraints: oneIn(random, 5) ? [constraint] : [],
      preferences: oneIn(random, 6)
        ? [make("PlacementPreference", { spreadDescriptor: "node.labels.zone" })]
        : [],
      scheduler,
      maxReplicas: oneIn(random, 8) ? 1 + random.int(2) : 0,
    }),
    networks: network ? [make("NetworkAttachmentConfig", { target: network })] : [],
  });
}

function drawEndpoint(random: SeededRandom) {
  if (!oneIn(random, 4)) return null;
  const host = oneIn(random, 3);
  return make("EndpointSpec", {
    ports: [
      make("PortConfig", {
        protocol: PortProtocol.TCP,
        targetPort: 80,
        publishedPort: oneIn(random, 2) ? 0 : 8_000 + random.int(6),
        publishMode: host ? PublishMode.HOST : PublishMode.INGRESS,
      }),
    ],
  });
}

type Mode = "replicated" | "global" | "replicatedJob" | "globalJob";

const MODES: readonly Mode[] = [
  ...Array<Mode>(5).fill("replicated"),
  "global",
  "global",
  "replicatedJob",
  "replicatedJob",
  "globalJob",
];

function modeFields(random: SeededRandom, mode: Mode): object {
  switch (mode) {
    case "replicated":
      return { mode, replicated: { replicas: random.int(7) } };
    case "global":
      return { mode, global: {} };
    case "replicatedJob": {
      const totalCompletions = 1 + random.int(5);
      return { mode, replicatedJob: { maxConcurrent: 1 + random.int(3), totalCompletions } };
    }
    case "globalJob":
      return { mode, globalJob: {} };
  }
}

/** A service of any mode. */
export function drawService(random: SeededRandom, name: string, known: Known): ServiceSpec {
  const mode = any(random, MODES);
  const job = mode === "replicatedJob" || mode === "globalJob";
  const dependency = oneIn(random, 6)
    ? known.services[random.int(known.services.length)]
    : undefined;
  return make("ServiceSpec", {
    annotations: make("Annotations", { name }),
    task: drawTask(random, known, job),
    ...modeFields(random, mode),
    update: job ? null : drawUpdate(random),
    rollback: job ? null : drawUpdate(random),
    endpoint: job ? null : drawEndpoint(random),
    schedule:
      job && oneIn(random, 3)
        ? make("Schedule", {
            cron: "* * * * *",
            timeZone: "UTC",
            concurrency: any(random, Object.values(ScheduleConcurrency)),
          })
        : null,
    dependsOn: dependency
      ? [
          make("ServiceDependency", {
            serviceName: dependency,
            condition: any(random, Object.values(ServiceDependencyCondition)),
          }),
        ]
      : [],
  } as Fields<ServiceSpec>);
}

/** `spec` with something else in it. */
export function changedService(spec: ServiceSpec, random: SeededRandom, known: Known): ServiceSpec {
  const job = spec.mode === "replicatedJob" || spec.mode === "globalJob";
  const task = drawTask(random, known, job);
  const updated = { ...spec, task };
  switch (random.int(5)) {
    case 0:
      return { ...spec, task: { ...spec.task!, forceUpdate: spec.task!.forceUpdate + 1 } };
    case 1:
      return job ? updated : { ...spec, endpoint: drawEndpoint(random) };
    case 2:
      return job
        ? updated
        : { ...updated, update: drawUpdate(random), rollback: drawUpdate(random) };
    default:
      return updated;
  }
}

/** `spec` at another size; undefined where it has none. */
export function scaledService(spec: ServiceSpec, random: SeededRandom): ServiceSpec | undefined {
  if (spec.mode !== "replicated") return undefined;
  return { ...spec, replicated: { replicas: random.int(9) } };
}
