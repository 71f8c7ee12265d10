import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linked } from "../../../lib/abort.ts";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { nextStep, failed } from "../../../worker/agent/task-machine.ts";
import { TaskState } from "../../../proto/generated.ts";
import { collectImages } from "../../../worker/runtime/docker/images/image-collector.ts";
import { ImageBook } from "../../../worker/runtime/docker/images/image-book.ts";
import type { Runtime, TaskController } from "../../../worker/runtime/runtime.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { eventually } from "../../worker/runtime/wait.ts";
import { IMAGES, openEngineRuntime } from "../engine-runtime.ts";
import { useEngine } from "../engine.ts";
import { TestRegistry, type Credentials } from "../registry.ts";

const { signal } = new AbortController();
const SECRET: Credentials = { username: "ann", password: "s3cret" };

describe("images of tasks", function () {
  this.timeout(60_000);
  const engine = useEngine({ onHostNetwork: true });
  let dir: string;
  let registry: TestRegistry;
  let runtime: Runtime;
  let number = 0;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-images-"));
    registry = await TestRegistry.open(engine().imageTar, null);
    runtime = await openEngineRuntime(engine().host, dir);
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    registry.close();
    await rm(dir, { recursive: true });
  });

  const task = (image: string, registryAuth = ""): TaskController =>
    runtime.controller(containerTask(`i${++number}`, { image, registryAuth }), noFiles);

  async function prepared(image: string, registryAuth = ""): Promise<TaskController> {
    const controller = task(image, registryAuth);
    await controller.prepare(signal);
    return controller;
  }

  const headers = (credentials: object): string =>
    Buffer.from(JSON.stringify(credentials)).toString("base64url");
  const idOf = async (reference: string): Promise<string | null> =>
    engine()
      .docker.getImage(reference)
      .inspect()
      .then(
        ({ Id }) => Id,
        () => null,
      );
  /** The image that the task's container was made of. */
  async function usedBy(controller: TaskController): Promise<string> {
    await controller.start(signal);
    const id = (await controller.facts(signal))?.containerId ?? "";
    return (await engine().docker.getContainer(id).inspect()).Image;
  }

  describe("are pulled", () => {
    it("by tag, and asked for again by each later task, as a tag may move", async () => {
      const first = registry.push("app", "1", "one");
      const image = `${registry.host}/app:1`;
      assert.equal(await usedBy(await prepared(image)), first.id);
      const second = registry.push("app", "1", "two");
      assert.equal(await usedBy(await prepared(image)), second.id);
    });

    it("once for tasks that ask at a time", async () => {
      registry.push("app", "1", "one");
      await Promise.all(Array.from({ length: 8 }, () => prepared(`${registry.host}/app:1`)));
      const manifests = registry.asked.filter((asked) => asked === "app:1");
      // The engine asks twice for each pull: whether it is there, and for it.
      assert.ok(manifests.length <= 2, registry.asked.join());
    });

    it("by digest, and never asked for again", async () => {
      const { digest, id } = registry.push("app", "1", "one");
      const image = `${registry.host}/app:1@${digest}`;
      assert.equal(await usedBy(await prepared(image)), id);
      const asked = registry.asked.length;
      assert.ok(asked > 0);
      registry.push("app", "1", "two");
      assert.equal(await usedBy(await prepared(image)), id);
      assert.equal(registry.asked.length, asked);
    });

    it("not at all where the node prefers what is here, or the image is named by its id", async () => {
      const { id } = registry.push("app", "1", "one");
      await prepared(`${registry.host}/app:1`);
      const asked = registry.asked.length;
      await prepared(id);
      await prepared(id.slice("sha256:".length, 20));
      await runtime.close();
      const images = { ...IMAGES, preferLocal: true };
      runtime = await openEngineRuntime(engine().host, dir, images);
      await prepared(`${registry.host}/app:1`);
      assert.equal(registry.asked.length, asked);
    });

    it("with the credentials of the service, and not without", async () => {
      const guarded = await TestRegistry.open(engine().imageTar, SECRET);
      try {
        const { id } = guarded.push("private", "1", "one");
        const image = `${guarded.host}/private:1`;
        const auth = headers({ ...SECRET, serveraddress: guarded.host });
        const wrong = headers({ ...SECRET, password: "wrong" });
        await assert.rejects(prepared(image), { code: "not-found", message: /no basic auth/ });
        await assert.rejects(prepared(image, wrong), { code: "not-found" });
        await assert.rejects(prepared(image, "bm90IGpzb24"), (error) => {
          assert.ok(isSwarmError(error, "invalid"));
          return !String(error.stack).includes("not json");
        });
        assert.equal(await usedBy(await prepared(image, auth)), id);
      } finally {
        guarded.close();
      }
    });

    it("or the one that is here runs, where that fails", async () => {
      const { id } = registry.push("app", "1", "one");
      await prepared(`${registry.host}/app:1`);
      registry.broken = true;
      assert.equal(await usedBy(await prepared(`${registry.host}/app:1`)), id);
    });

    it("or the task is rejected with the registry's reason, which is not asked again at once", async () => {
      const image = `${registry.host}/nope:1`;
      const refused = async (): Promise<unknown> => {
        try {
          await prepared(image);
        } catch (error) {
          return error;
        }
        return null;
      };
      const error = await refused();
      const status = { state: TaskState.PREPARING, message: "preparing", err: "" };
      const { state, err } = failed(status, error);
      assert.equal(state, TaskState.REJECTED);
      assert.match(err, /^No such image: .*nope:1 .*manifest unknown/);
      assert.equal(nextStep(state, TaskState.RUNNING).kind, "none");
      const asked = registry.asked.length;
      assert.equal(await refused(), error);
      assert.equal(registry.asked.length, asked, "the registry is left alone for a while");
    });

    it("no further when the only task that wants them is shut down", async () => {
      using link = linked(signal);
      registry.push("app", "1", "one");
      registry.hold = true;
      const pulling = task(`${registry.host}/app:1`).prepare(link.signal);
      await registry.reached();
      link.abort();
      await assert.rejects(pulling, { code: "cancelled" });
      await eventually(async () => (await engine().log()).includes("context canceled"));
    });
  });

  describe("are collected", () => {
    const DAY_MS = 24 * 3_600_000;
    const rules = { unusedMs: 7 * DAY_MS, diskPercent: 85 };

    /** One round of the collector at a later time, on a disk of which so much is in use. */
    function collect(laterMs: number, diskUse: number | null = null): Promise<readonly string[]> {
      const clock = { ...systemClock, now: () => systemClock.now() + laterMs };
      const book = new ImageBook(join(dir, "images.json"), silentLog);
      const { docker } = engine();
      const modules = { docker, clock, log: silentLog, book, diskUse: async () => diskUse };
      return collectImages(rules, modules, signal);
    }

    it("when no container has needed them for their time", async () => {
      const { id } = registry.push("app", "1", "one");
      const image = `${registry.host}/app:1`;
      const controller = await prepared(image);
      assert.deepEqual(await collect(8 * DAY_MS), [], "it has a container");
      assert.equal(await idOf(image), id);
      await controller.remove(signal);
      assert.deepEqual(await collect(14 * DAY_MS), [], "it was needed six days ago");
      assert.deepEqual(await collect(16 * DAY_MS), [id]);
      assert.equal(await idOf(id), null);
      assert.deepEqual(await collect(16 * DAY_MS), []);
    });

    it("sooner while the disk is too full, the one unused longest first", async () => {
      const old = registry.push("app", "1", "old");
      const { digest, id } = registry.push("app", "2", "new");
      await (await prepared(`${registry.host}/app:1`)).remove(signal);
      await (await prepared(`${registry.host}/app@${digest}`)).remove(signal);
      assert.deepEqual(await collect(DAY_MS, 85), []);
      assert.deepEqual(await collect(0, 99), [], "too young, however full the disk");
      assert.deepEqual(await collect(DAY_MS, 86), [old.id, id]);
      assert.deepEqual([await idOf(old.id), await idOf(id)], [null, null]);
    });

    it("also those whose tag has moved on", async () => {
      const image = `${registry.host}/app:1`;
      const old = registry.push("app", "1", "old");
      await (await prepared(image)).remove(signal);
      const { id } = registry.push("app", "1", "new");
      await prepared(image);
      assert.deepEqual(await collect(8 * DAY_MS), [old.id]);
      assert.equal(await idOf(image), id);
    });

    it("never those that somebody else has pulled, or has given a name", async () => {
      const theirs = registry.push("theirs", "1", "theirs");
      const image = `${registry.host}/theirs:1`;
      const stream = await engine().docker.pull(image);
      await new Promise((resolve) => engine().docker.modem.followProgress(stream, resolve));
      await (await prepared(image)).remove(signal);
      const named = registry.push("named", "1", "named");
      await (await prepared(`${registry.host}/named:1`)).remove(signal);
      await engine().docker.getImage(named.id).tag({ repo: "keep", tag: "me" });
      assert.deepEqual(await collect(8 * DAY_MS, 99), []);
      assert.equal(await idOf(image), theirs.id);
      assert.equal(await idOf("keep:me"), named.id);
      assert.equal(await idOf(`${registry.host}/named:1`), named.id);
    });
  });
});
