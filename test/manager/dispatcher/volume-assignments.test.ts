import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { Dispatcher } from "../../../manager/dispatcher/dispatcher.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import {
  AssignmentChangeAction,
  VolumePublishStatusState as State,
  type AssignmentsMessage,
} from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aSecret } from "../../fakes/objects.ts";

const on = (nodeId: string, state: State) =>
  make("VolumePublishStatus", { nodeId, state, publishContext: { path: nodeId } });

describe("the volumes of a node", () => {
  let store: Store;
  let dispatcher: Dispatcher;
  let abort: AbortController;
  let running: Promise<void>;

  const callFrom = (nodeId: string): Call => ({
    signal: abort.signal,
    caller: { nodeId, role: "worker", clusterId: "c", addr: "10.0.0.7" },
  });

  beforeEach(async () => {
    const random = new SeededRandom("volumes");
    store = new Store({ clock: systemClock, random });
    const raft = new LocalRaft(store);
    store.attach(raft);
    await store.update((tx) => {
      for (const id of ["n1", "n2"]) tx.create("node", aNode(id));
      tx.create("secret", aSecret("key"));
      const spec = make("VolumeSpec", {
        annotations: make("Annotations", { name: "data" }),
        driver: make("Driver", { name: "csi" }),
        secrets: [{ key: "token", secret: "key" }],
      });
      const volumeInfo = make("VolumeInfo", { volumeId: "disk-1", volumeContext: { zone: "a" } });
      const publishStatus = [on("n1", State.PUBLISHED), on("n2", State.PENDING_NODE_UNPUBLISH)];
      tx.create("volume", make("Volume", { id: "v1", spec, volumeInfo, publishStatus }));
    });
    abort = new AbortController();
    const modules = { store, raft, clock: systemClock, random, log: silentLog };
    dispatcher = new Dispatcher({ nodeId: "m1" }, modules);
    running = dispatcher.run(abort.signal);
  });

  afterEach(async () => {
    abort.abort();
    await running;
  });

  /** A session that stays open, and the assignments that come on it. */
  async function follow(nodeId: string) {
    const request = make("SessionRequest", { description: make("NodeDescription") });
    const session = dispatcher.session(request, callFrom(nodeId))[Symbol.asyncIterator]();
    const { sessionId } = (await session.next()).value;
    const messages = dispatcher.assignments({ sessionId }, callFrom(nodeId));
    const iterator = messages[Symbol.asyncIterator]();
    const next = async (): Promise<readonly string[]> => summary((await iterator.next()).value);
    return { sessionId, next };
  }

  function summary({ changes }: AssignmentsMessage): readonly string[] {
    return changes.map(({ action, assignment }) => {
      const sign = action === AssignmentChangeAction.REMOVE ? "-" : "+";
      if (assignment?.item !== "volume") return `${sign}${assignment?.item}`;
      const { volumeId, publishContext, volumeContext } = assignment.volume;
      return `${sign}${volumeId} ${publishContext["path"]} ${volumeContext["zone"]}`;
    });
  }

  it("come with their secrets and all that the driver has said, and go with it too", async () => {
    assert.deepEqual(await (await follow("n1")).next(), ["+secret", "+disk-1 n1 a"]);
    assert.deepEqual(await (await follow("n2")).next(), ["+secret", "-disk-1 n2 a"]);
  });

  it("are reported down by their node, for itself only, and only when it was asked", async () => {
    const { sessionId, next } = await follow("n1");
    await next();
    const updates = [{ id: "v1", unpublished: true }];
    await dispatcher.updateVolumeStatus({ sessionId, updates }, callFrom("n1"));
    const states = () => store.view.volume.get("v1")?.publishStatus.map(({ state }) => state);
    assert.deepEqual(states(), [State.PUBLISHED, State.PENDING_NODE_UNPUBLISH]);
    const other = await follow("n2");
    await other.next();
    const call = callFrom("n2");
    await dispatcher.updateVolumeStatus({ sessionId: other.sessionId, updates }, call);
    assert.deepEqual(states(), [State.PUBLISHED, State.PENDING_UNPUBLISH]);
    assert.deepEqual(await other.next(), ["-secret"]);
    const stale = dispatcher.updateVolumeStatus({ sessionId, updates }, call);
    await assert.rejects(stale, { code: "invalid" });
  });

  it("are told of as soon as they are attached, and once", async () => {
    const { next } = await follow("n1");
    await next();
    await store.update((tx) => {
      const volume = tx.view.volume.get("v1");
      if (!volume) return;
      const publishStatus = [on("n1", State.PENDING_NODE_UNPUBLISH), on("n2", State.PUBLISHED)];
      tx.update("volume", { ...volume, publishStatus });
    });
    assert.deepEqual(await next(), ["-disk-1 n1 a"]);
  });
});
