import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { cancelled } from "../../lib/abort.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import { DispatcherService, LogBrokerService, TaskState } from "../../proto/generated.ts";
import { RpcConnection } from "../../proto/rpc-client.ts";
import { serve } from "../../proto/rpc-server.ts";
import { openProcessRuntime } from "../../worker/runtime/process/process-runtime.ts";
import type { Runtime } from "../../worker/runtime/runtime.ts";
import { openWorker, type Worker } from "../../worker/worker.ts";
import { FakeDispatcher } from "../fakes/dispatcher.ts";
import { processTask } from "./runtime/tasks.ts";
import { eventually } from "./runtime/wait.ts";

const CALLER = { nodeId: "node1", role: "worker", clusterId: "cluster1", addr: "" } as const;
const never = new AbortController().signal;

describe("worker over gRPC, with processes", () => {
  let dir: string;
  let leader: FakeDispatcher;
  let server: Server;
  let addr: string;
  let runtime: Runtime;
  let worker: Worker;
  let scope: Scope;

  async function listen(port: number): Promise<void> {
    server = new Server();
    const hooks = { authorize: () => CALLER, onError: () => {} };
    serve(server, DispatcherService, leader, hooks);
    serve(server, LogBrokerService, leader, hooks);
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
        error ? reject(error) : resolve(actual),
      );
    });
    addr = `127.0.0.1:${bound}`;
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-grpc-"));
    leader = new FakeDispatcher();
    await listen(0);
    const modules = { clock: systemClock, log: silentLog };
    const node = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
    runtime = await openProcessRuntime({ dir: join(dir, "processes"), node }, modules);
    worker = await openWorker(
      {
        dir: join(dir, "worker"),
        caller: CALLER,
        hostname: "host-a",
        labels: {},
        genericResources: [],
        devices: [],
        cdiDirs: [],
        version: "0.1.0",
        managers: [addr],
      },
      {
        ...modules,
        random: new SeededRandom("grpc"),
        runtime,
        connect: (to) =>
          new RpcConnection({
            addr: to,
            credentials: credentials.createInsecure(),
            now: () => systemClock.now(),
          }),
        tlsInfo: () => null,
        onSession: () => {},
      },
    );
    scope = new Scope(never);
    scope.run((signal) => worker.run(signal));
  });

  afterEach(async () => {
    await scope.close(cancelled("test over"));
    await worker.clear(never);
    await worker.close();
    await runtime.close();
    server.forceShutdown();
    await rm(dir, { recursive: true });
  });

  const said = (): string[] =>
    leader.published.flatMap(({ messages }) => messages.map(({ data }) => String(data)));

  it("runs, reports, publishes logs, and outlives its leader", async () => {
    const script = 'echo "I am $NAME"; while :; do sleep 0.05; done';
    leader.assign(
      processTask("t1", { command: ["sh", "-c", script], env: ["NAME={{.Task.Name}}"] }),
    );
    await eventually(() => leader.state("t1") === TaskState.RUNNING);
    const pid = leader.statuses.get("t1")?.container?.pid;
    leader.subscriptions.push(
      make("SubscriptionMessage", {
        id: "sub1",
        selector: make("LogSelector", { taskIds: ["t1"] }),
        options: make("LogOptions", { follow: true }),
      }),
    );
    await eventually(() => said().includes("I am web.3.t1"));

    server.forceShutdown();
    leader.statuses.clear();
    await listen(Number(addr.split(":")[1]));
    await eventually(() => leader.state("t1") === TaskState.RUNNING);
    assert.equal(leader.statuses.get("t1")?.container?.pid, pid);

    leader.want("t1", TaskState.SHUTDOWN);
    await eventually(() => leader.state("t1") === TaskState.SHUTDOWN);
    assert.equal(leader.statuses.get("t1")?.container?.exitCode, 143);
  });
});
