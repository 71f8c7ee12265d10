import { make } from "../../../../proto/codec.ts";
import type { Task } from "../../../../proto/generated.ts";
import type { TaskFiles } from "../../../../worker/runtime/runtime.ts";
import { noFiles, processTask } from "../tasks.ts";

/** What a worker that is to be killed does. */
export interface CrashPlan {
  readonly dir: string;
  /** Whether the task is in a sandbox, and then needs something of every kind. */
  readonly sandbox: boolean;
  /** Limit of its processes; 0 = none. */
  readonly pids: number;
  readonly script: string;
  /** A health check; empty = none. */
  readonly test: readonly string[];
}

/** The node that a killed worker and the one after it are. */
export const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const GRACE_NS = 200e6;
const PROBE_INTERVAL_NS = 10e6;

/** The task t1 of the plan. */
export function crashTask({ sandbox, pids, script, test }: CrashPlan): Task {
  const file = make("FileTarget", { name: "s1", uid: "0", gid: "0", mode: 0o444 });
  const probe = { test, intervalNs: PROBE_INTERVAL_NS };
  const task = processTask("t1", {
    command: ["sh", "-c", script],
    secrets: [make("SecretReference", { secretId: "s1", secretName: "s1", file })],
    healthcheck: test.length > 0 ? make("HealthConfig", probe) : null,
    stopGracePeriodNs: { value: GRACE_NS },
    hosts: sandbox ? ["10.0.0.1 other"] : [],
  });
  if (!sandbox || !task.spec) return task;
  const networks = [make("NetworkAttachmentConfig", { target: "net1" })];
  const resources = make("ResourceRequirements", { limits: make("Resources", { pids }) });
  return { ...task, spec: { ...task.spec, networks, resources } };
}

/** The secret that the task reads. */
export const oneSecret: TaskFiles = {
  ...noFiles,
  secret: (id) => make("Secret", { id, spec: make("SecretSpec", { data: Buffer.from("x") }) }),
};
