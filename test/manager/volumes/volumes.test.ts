import assert from "node:assert/strict";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  TaskState,
  VolumeAccessModeScope,
  VolumePublishStatusState as State,
} from "../../../proto/generated.ts";
import type { Volume, VolumeSpec } from "../../../proto/generated.ts";
import { FAKE_DRIVER, type Fault } from "../../fakes/csi-storage.ts";
import { eventually } from "../../fakes/eventually.ts";
import { VolumeWorld, type Way } from "./volume-world.ts";

const spec = (scope: VolumeAccessModeScope = VolumeAccessModeScope.SINGLE_NODE): VolumeSpec =>
  make("VolumeSpec", {
    annotations: make("Annotations", { name: "data" }),
    driver: make("Driver", { name: FAKE_DRIVER }),
    accessMode: make("VolumeAccessMode", { scope }),
    availability: NodeAvailability.ACTIVE,
  });

const WAYS: readonly { readonly way: Way; readonly kinds: readonly Fault["kind"][] }[] = [
  { way: "driver", kinds: ["fails", "dies"] },
  { way: "plugin", kinds: ["fails", "dies", "crashes"] },
];

for (const { way, kinds } of WAYS)
  describe(`a cluster volume (${way})`, () => {
    let world: VolumeWorld;

    beforeEach(async () => {
      world = await VolumeWorld.open(way);
    });
    afterEach(() => world.close());

    const created = async (of: VolumeSpec = spec()): Promise<void> => {
      await world.store.update((tx) => {
        tx.create("volume", make("Volume", { id: "v1", spec: of }));
      });
      await eventually("the driver has made it", () => world.volume()?.volumeInfo?.volumeId);
    };
    const published = (nodeId: string) =>
      eventually(`it is published on ${nodeId}`, () => world.isPublished(nodeId));
    const free = () =>
      eventually("no node has it", () => world.volume()?.publishStatus.length === 0);
    const deleted = async (): Promise<void> => {
      await world.change({ pendingDelete: true });
      await eventually("it is gone", () => world.volume() === undefined);
    };

    /** Made, used on one node, moved to another, let go and deleted. */
    async function life(): Promise<void> {
      await created();
      await world.use("t1", "n1", TaskState.RUNNING);
      await published("n1");
      await world.use("t2", "n2", TaskState.ASSIGNED);
      assert.equal(world.isPublished("n2"), false, "one node has it at a time");
      await world.end("t1", TaskState.SHUTDOWN);
      await published("n2");
      assert.equal(world.isPublished("n1"), false);
      await world.end("t2", TaskState.COMPLETE);
      await free();
      await deleted();
      assert.deepEqual(world.storage.violations, []);
      assert.ok(world.storage.isEmpty);
    }

    it("is made, brought to a node, taken down before it moves, and deleted", async () => {
      await life();
      assert.deepEqual(world.storage.calls, [
        "controller create",
        "controller attach csi-n1",
        "n1 stage",
        "n1 publish",
        "n1 unpublish",
        "n1 unstage",
        "controller detach csi-n1",
        "controller attach csi-n2",
        "n2 stage",
        "n2 publish",
        "n2 unpublish",
        "n2 unstage",
        "controller detach csi-n2",
        "controller delete",
      ]);
    });

    for (const kind of kinds)
      for (const when of ["before", "after"] as const)
        it(`comes to the same end whichever call ${kind} ${when} its effect`, async () => {
          for (let at = 1; at <= 14; at++) {
            await world.close();
            world = await VolumeWorld.open(way);
            world.storage.fault = { at, kind, when };
            await life();
            assert.ok(world.storage.calls.length > 14, `call ${at} was made again`);
          }
        });

    it("is on several nodes at a time where its access mode says so", async () => {
      await created(spec(VolumeAccessModeScope.MULTI_NODE));
      for (const id of ["n1", "n2"]) await world.use(`t${id}`, id, TaskState.RUNNING);
      await eventually("both nodes have it", () =>
        world.volume()?.publishStatus.every(({ state }) => state === State.PUBLISHED),
      );
      for (const id of ["n1", "n2"]) await published(id);
      await world.end("tn1", TaskState.FAILED);
      await eventually("one node has it", () => world.volume()?.publishStatus.length === 1);
      assert.ok(world.isPublished("n2"));
    });

    it("leaves its node when it is drained, and stays with its tasks when it is paused", async () => {
      await created();
      await world.use("t1", "n1", TaskState.RUNNING);
      await published("n1");
      await world.change({ spec: { ...spec(), availability: NodeAvailability.PAUSE } });
      await world.restart("controller");
      assert.ok(world.isPublished("n1"));
      assert.equal(world.volume()?.publishStatus[0]?.state, State.PUBLISHED);
      await world.change({ spec: { ...spec(), availability: NodeAvailability.DRAIN } });
      await free();
      assert.equal(world.store.view.task.get("t1")?.status?.state, TaskState.REJECTED);
      assert.deepEqual(world.storage.violations, []);
    });

    it("waits for a node that is away, but not for one that was removed", async () => {
      await created();
      await world.use("t1", "n1", TaskState.RUNNING);
      await published("n1");
      await world.unplug("n1");
      await world.use("t2", "n2", TaskState.ASSIGNED);
      await world.end("t1", TaskState.ORPHANED);
      await eventually("n1 is asked", () => {
        const state = world.volume()?.publishStatus[0]?.state;
        return state === State.PENDING_NODE_UNPUBLISH;
      });
      assert.equal(world.isPublished("n2"), false);
      await world.store.update((tx) => {
        const node = tx.view.node.get("n1");
        if (node) tx.remove("node", node);
      });
      await published("n2");
      assert.deepEqual(world.storage.violations, []);
      assert.ok(world.storage.calls.includes("controller detach csi-n1"));
    });

    it("gets its secrets in every call, on the manager and on the node", async () => {
      const data = Buffer.from("s3cret");
      await world.store.update((tx) => {
        const annotations = make("Annotations", { name: "key" });
        tx.create(
          "secret",
          make("Secret", { id: "s1", spec: { ...make("SecretSpec", { data }), annotations } }),
        );
      });
      await created({ ...spec(), secrets: [{ key: "token", secret: "s1" }] });
      await world.use("t1", "n1", TaskState.RUNNING);
      await published("n1");
      for (const verb of ["create", "stage", "publish"])
        assert.deepEqual(world.storage.secrets[verb], { token: "s3cret" }, verb);
      await world.end("t1", TaskState.COMPLETE);
      await free();
      for (const verb of ["unpublish", "unstage"])
        assert.deepEqual(world.storage.secrets[verb], {}, `${verb} wants none`);
    });

    it("leaves nothing in the storage when it is deleted before anybody knows whether it was made", async () => {
      const { storage } = world;
      storage.fault = { at: 1, kind: "fails", when: "after" };
      let deletion: Promise<void> | undefined;
      const stop = world.store.onCommit(() => {
        if (world.volume()?.message) deletion ??= world.change({ pendingDelete: true });
      });
      await world.store.update((tx) => {
        tx.create("volume", make("Volume", { id: "v1", spec: spec() }));
      });
      await eventually("it is gone", () => deletion && world.volume() === undefined);
      stop();
      await deletion;
      assert.ok(storage.isEmpty);
      assert.deepEqual(storage.calls, [
        "controller create",
        "controller create",
        "controller delete",
      ]);
    });

    it("says why it is not made, and whether it certainly was not", async () => {
      const { storage } = world;
      storage.fault = { at: 1, kind: "refused", when: "before" };
      const seen: Volume[] = [];
      const stop = world.store.onCommit(() => {
        const volume = world.volume();
        if (volume?.message) seen.push(volume);
      });
      await created();
      stop();
      assert.match(seen[0]?.message ?? "", /there is no such tier$/);
      assert.equal(seen[0]?.maybeMade, false);
      assert.equal(world.volume()?.message, "");
    });

    it("says why a node does not get it, and gets there when the driver is well again", async () => {
      await created();
      world.storage.fault = { at: 2, kind: "fails", when: "before" };
      const reasons = new Set<string>();
      const stop = world.store.onCommit(() => {
        for (const { message } of world.volume()?.publishStatus ?? []) reasons.add(message);
      });
      await world.use("t1", "n1", TaskState.RUNNING);
      await published("n1");
      stop();
      assert.ok([...reasons].some((reason) => reason.endsWith("the storage is away")));
      assert.equal(world.volume()?.publishStatus[0]?.message, "");
    });

    it("leaves the manager at rest while a call that is made again has no answer", async () => {
      await created();
      const { storage, store } = world;
      storage.fault = { at: 2, kind: "fails", when: "before" };
      storage.onDeath = () => {};
      const stop = store.onCommit(() => {
        if (world.volume()?.publishStatus[0]?.message)
          storage.fault = { at: 3, kind: "dies", when: "before" };
      });
      await world.use("t1", "n1", TaskState.RUNNING);
      await eventually("the call is made again", () => storage.calls.length === 3);
      stop();
      const update = store.update.bind(store);
      let writes = 0;
      store.update = (change, signal) => {
        writes++;
        return update(change, signal);
      };
      await eventually("the answer is given up", () => storage.calls.length > 3);
      assert.ok(writes < 10, `${writes} transactions in the wait`);
      await published("n1");
    });
  });
