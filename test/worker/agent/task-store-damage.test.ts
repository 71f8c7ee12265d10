import assert from "node:assert/strict";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { silentLog } from "../../../lib/log.ts";
import { make } from "../../../proto/codec.ts";
import { TaskState } from "../../../proto/generated.ts";
import { openTaskStore, type TaskChange } from "../../../worker/agent/task-store.ts";
import { taskOf } from "../runtime/tasks.ts";

/** What a store holds, as text: `task:state` of the assigned, `-task` of those on their way out. */
type State = string;

const status = (taskId: string, state: TaskState): TaskChange => ({
  kind: "status",
  taskId,
  status: make("TaskStatus", { state }),
});

/** A node's day: tasks come, go on, and go. */
const DAY: readonly (readonly TaskChange[])[] = [
  [{ kind: "task", task: taskOf("a") }],
  [status("a", TaskState.RUNNING), { kind: "task", task: taskOf("b") }],
  [status("b", TaskState.PREPARING)],
  [status("b", TaskState.RUNNING)],
  [{ kind: "unassigned", taskId: "a" }],
  [status("a", TaskState.SHUTDOWN)],
  [{ kind: "removed", taskId: "a" }],
  [{ kind: "task", task: taskOf("c") }, status("b", TaskState.FAILED)],
];

describe("a task store after a loss of power", function () {
  let dir: string;
  /** What it held after each write, beginning with nothing. */
  let history: State[];
  /** Bytes of its log after each. */
  let sizes: number[];

  const path = (name: string): string => join(dir, name);

  async function stateOf(name: string): Promise<State> {
    const store = await openTaskStore(path(name), silentLog);
    const { assigned, unassigned } = await store.load();
    await store.close();
    const kept = assigned.map(({ task, status: { state } }) => `${task.id}:${state}`);
    return [...kept, ...unassigned.map((id) => `-${id}`)].toSorted().join(" ");
  }

  /** A copy of the store with its file `name` cut off after `bytes`. */
  function cut(name: string, bytes: number): void {
    fs.rmSync(path("cut"), { recursive: true, force: true });
    fs.cpSync(path("whole"), path("cut"), { recursive: true });
    fs.truncateSync(join(path("cut"), name), bytes);
  }

  const fileOf = (pattern: RegExp): string => {
    const found = fs.readdirSync(path("whole")).find((name) => pattern.test(name));
    assert.ok(found, String(pattern));
    return found;
  };

  beforeEach(async () => {
    dir = fs.mkdtempSync(join(tmpdir(), "skep-power-"));
    history = [""];
    sizes = [0];
    const store = await openTaskStore(path("whole"), silentLog);
    for (const changes of DAY) {
      await store.save(changes);
      // The files as they are at this moment, which is what a loss of power leaves.
      fs.cpSync(path("whole"), path("now"), { recursive: true });
      sizes.push(fs.statSync(join(path("whole"), fileOf(/\.log$/))).size);
      history.push(await stateOf("now"));
      fs.rmSync(path("now"), { recursive: true });
    }
    await store.close();
  });

  afterEach(() => fs.rmSync(dir, { recursive: true }));

  it("holds exactly what was written whole, wherever its log is cut off", async () => {
    const log = fileOf(/\.log$/);
    const edges = sizes.flatMap((size) => [size - 1, size, size + 1]);
    const isThere = (bytes: number): boolean => bytes >= 0 && bytes <= (sizes.at(-1) ?? 0);
    const random = fc.sample(fc.nat(sizes.at(-1) ?? 0), 40);
    for (const bytes of [...edges, ...random].filter(isThere)) {
      cut(log, bytes);
      const writes = sizes.filter((size) => size <= bytes).length - 1;
      assert.equal(await stateOf("cut"), history[writes], `cut after ${bytes} bytes`);
      assert.equal(fs.existsSync(path("cut.damaged")), false);
    }
  });

  it("opens before what is garbage at the end of its log, and can be written again", async () => {
    const log = fileOf(/\.log$/);
    const size = fs.statSync(join(path("whole"), log)).size;
    const tail = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.nat(size), tail, async (bytes, garbage) => {
        cut(log, bytes);
        const file = join(path("cut"), log);
        fs.writeFileSync(file, Buffer.concat([fs.readFileSync(file), garbage]));
        assert.ok(history.includes(await stateOf("cut")));
        const store = await openTaskStore(path("cut"), silentLog);
        await store.save([{ kind: "task", task: taskOf("new") }]);
        await store.close();
        assert.match(await stateOf("cut"), /new:/);
      }),
      { numRuns: 20 },
    );
  });

  for (const pattern of [/^CURRENT$/, /^MANIFEST/])
    it(`begins empty where ${pattern.source} is damaged, and puts the rest aside`, async () => {
      const name = fileOf(pattern);
      const size = fs.statSync(join(path("whole"), name)).size;
      for (const bytes of [0, Math.floor(size / 2), size - 1]) {
        cut(name, bytes);
        assert.equal(await stateOf("cut"), "");
        assert.ok(fs.existsSync(path("cut.damaged")));
      }
    });
});
