import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { runAllocator } from "../../../manager/allocator/allocator.ts";
import { Store } from "../../../manager/store/store.ts";
import type { StoreView } from "../../../manager/store/tables.ts";
import { make } from "../../../proto/codec.ts";
import { TaskState, type PortConfig } from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aService, aTask } from "../../fakes/objects.ts";
import { storeUntil } from "../../fakes/store-until.ts";

/** Size of the dynamic range. */
const DYNAMIC_PORTS = 2_768;

const fresh = make("TaskStatus", { state: TaskState.NEW, message: "created" });

function publishing(id: string, ...ports: Partial<PortConfig>[]) {
  const endpoint = make("EndpointSpec", {
    ports: ports.map((port) => make("PortConfig", { targetPort: 80, ...port })),
  });
  return aService(id, { spec: { endpoint } });
}

describe("allocator", () => {
  let store: Store;
  let stop: () => Promise<void>;

  beforeEach(() => {
    store = new Store({ clock: systemClock, random: new SeededRandom("store") });
    store.attach(new LocalRaft(store));
    const abort = new AbortController();
    const run = runAllocator({ store, clock: systemClock, log: silentLog }, abort.signal);
    stop = () => (abort.abort(), run);
  });
  afterEach(() => stop());

  const until = (holds: (view: StoreView) => boolean): Promise<void> => storeUntil(store, holds);
  const stateOf = (id: string) => store.view.task.get(id)?.status?.state;

  it("lets a new task go once its service has its endpoint", async () => {
    const service = aService("web");
    await store.update((tx) => {
      tx.create("service", service);
      tx.create("task", aTask("t1", service, { status: fresh }));
    });
    await until(() => stateOf("t1") === TaskState.PENDING);
    assert.equal(store.view.task.get("t1")?.status?.message, "pending task scheduling");
    assert.deepEqual(store.view.service.get("web")?.endpoint?.ports, []);
  });

  it("gives a dynamic port and keeps it when the spec changes elsewhere", async () => {
    await store.update((tx) => tx.create("service", publishing("web", {})));
    await until((view) => view.service.get("web")?.endpoint !== null);
    assert.equal(store.view.service.get("web")?.endpoint?.ports[0]?.publishedPort, 30_000);
    await store.update((tx) => {
      const service = tx.view.service.get("web")!;
      const { spec } = publishing("web", {}, { targetPort: 443, publishedPort: 8443 });
      tx.update("service", { ...service, spec });
    });
    await until((view) => view.service.get("web")?.endpoint?.ports.length === 2);
    const ports = store.view.service.get("web")?.endpoint?.ports.map((p) => p.publishedPort);
    assert.deepEqual(ports, [30_000, 8443]);
  });

  it("holds a service back while every dynamic port is taken", async () => {
    const all = Array.from({ length: DYNAMIC_PORTS }, (_, i) => ({ targetPort: i + 1 }));
    await store.update((tx) => tx.create("service", publishing("one", ...all)));
    await until((view) => view.service.get("one")?.endpoint !== null);
    const two = publishing("two", {});
    await store.update((tx) => {
      tx.create("service", two);
      tx.create("task", aTask("t2", two, { status: fresh }));
      tx.create("task", aTask("t1", store.view.service.get("one")!, { status: fresh }));
    });
    await until(() => stateOf("t1") === TaskState.PENDING);
    assert.equal(stateOf("t2"), TaskState.NEW);
    await store.update((tx) => tx.remove("service", tx.view.service.get("one")!));
    await until(() => stateOf("t2") === TaskState.PENDING);
  });

  it("gives no dynamic port that another service has asked for", async () => {
    await store.update((tx) => {
      tx.create("service", publishing("dynamic", {}));
      tx.create("service", publishing("explicit", { publishedPort: 30_000 }));
    });
    await until((view) => view.service.get("explicit")?.endpoint !== null);
    await until((view) => view.service.get("dynamic")?.endpoint !== null);
    const ports = ["dynamic", "explicit"].map(
      (id) => store.view.service.get(id)?.endpoint?.ports[0]?.publishedPort,
    );
    assert.deepEqual(ports, [30_001, 30_000]);
  });
});
