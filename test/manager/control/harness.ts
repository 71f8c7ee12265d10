import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError, type ErrorCode } from "../../../lib/errors.ts";
import { SeededRandom } from "../../../lib/random.ts";
import type { ControlModules } from "../../../manager/control/context.ts";
import { openControl } from "../../../manager/control/control.ts";
import type { Kind, Objects } from "../../../manager/store/schema.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Call } from "../../../proto/call.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import type { ControlApi, ServiceSpec } from "../../../proto/generated.ts";
import type { RaftMemberStatus, RaftStatus } from "../../../raft/index.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";

/** A control API on a store of its own, whose Raft membership the test decides. */
export class ControlHarness {
  readonly random = new SeededRandom("control");
  readonly store = new Store({ clock: systemClock, random: this.random });
  readonly raft = new LocalRaft(this.store);
  readonly abort = new AbortController();
  readonly call: Call = {
    signal: this.abort.signal,
    caller: { nodeId: "m1", role: "manager", clusterId: "c1", addr: "" },
  };
  readonly api: ControlApi;
  members: readonly RaftMemberStatus[] = [];
  /** How many linearizable reads were asked for. */
  barriers = 0;

  constructor(modules: Partial<ControlModules> = {}) {
    this.store.attach(this.raft);
    this.api = openControl({
      store: this.store,
      raft: {
        status: (): RaftStatus => ({ ...this.raft.status(), members: this.members }),
        readBarrier: () => Promise.resolve(++this.barriers),
      },
      clock: systemClock,
      random: this.random,
      ...modules,
    });
  }

  /** Stores an object as it is. */
  async put<K extends Kind>(kind: K, object: Objects[K]): Promise<void> {
    await this.store.update((tx) => tx.create(kind, object));
  }

  /** The stored object, which must be there. */
  stored<K extends Kind>(kind: K, id: string): Objects[K] {
    const object = this.store.view[kind].get(id);
    assert(object, `${kind} ${id} is stored`);
    return object as Objects[K];
  }
}

/** A voting member that answers, unless said otherwise. */
export function aMember(
  id: number,
  nodeId: string,
  fields: Partial<RaftMemberStatus> = {},
): RaftMemberStatus {
  return {
    id,
    nodeId,
    addr: `${nodeId}:2378`,
    controlAddr: `${nodeId}:2377`,
    learner: false,
    reachable: true,
    ...fields,
  };
}

/** The spec of a service of one busybox container. */
export function aServiceSpec(name: string, fields: Fields<ServiceSpec> = {}): ServiceSpec {
  return make("ServiceSpec", {
    annotations: make("Annotations", { name }),
    task: make("TaskSpec", {
      runtime: "container",
      container: make("ContainerSpec", { image: "busybox" }),
    }),
    mode: "replicated",
    replicated: { replicas: 1 },
    ...fields,
  } as Fields<ServiceSpec>);
}

/** Asserts that `promise` is refused with `code` and a text that contains or matches `text`. */
export async function refused(
  promise: Promise<unknown>,
  code: ErrorCode,
  text: string | RegExp,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert(isSwarmError(error), String(error));
    assert.equal(error.code, code, error.message);
    if (typeof text === "string") assert.equal(error.message, text);
    else assert.match(error.message, text);
    return true;
  });
}
