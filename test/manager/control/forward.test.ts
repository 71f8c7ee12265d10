import assert from "node:assert/strict";
import { onAbort } from "../../../lib/abort.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { SeededRandom } from "../../../lib/random.ts";
import {
  forwardingControl,
  LEADER_WAIT_MS,
  type LeaderRoute,
} from "../../../manager/control/forward.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import { ReadConsistency, type ControlApi } from "../../../proto/generated.ts";
import { SimClock } from "../../fakes/sim-clock.ts";
import { aServiceSpec, ControlHarness, refused } from "./harness.ts";

const NO_LEADER =
  "The swarm does not have a leader. It's possible that too few managers are online. " +
  "Make sure more than half of the managers are online.";

/** An API whose every call is answered by `answer`. */
function answering(answer: (name: string) => Promise<unknown>): ControlApi {
  return new Proxy({} as ControlApi, { get: (_, name) => () => answer(String(name)) });
}

describe("control: forwarding", () => {
  let clock: SimClock;
  let leader: ControlHarness;
  let route: LeaderRoute | undefined;
  let calls: string[];
  let caughtUp: number;
  let api: ControlApi;

  beforeEach(() => {
    clock = new SimClock();
    leader = new ControlHarness();
    calls = [];
    caughtUp = 0;
    const local = answering(async (name) => {
      calls.push(`local ${name}`);
      return { where: "local" };
    });
    api = forwardingControl({
      local,
      leader: () => route,
      catchUp: () => Promise.resolve(++caughtUp),
      holdsState: () => true,
      clock,
      random: new SeededRandom("forward"),
    });
    route = { api: leader.api, local: false };
  });

  const request = make("CreateServiceRequest", { spec: aServiceSpec("web") });
  const failing = (...errors: SwarmError[]): LeaderRoute => ({
    local: false,
    api: answering(async (name) => {
      calls.push(`leader ${name}`);
      const error = errors.shift();
      if (error) throw error;
      return { where: "leader" };
    }),
  });

  it("answers reads from the local state", async () => {
    for (const name of ["getService", "listTasks", "getCluster", "listServiceStatuses"] as const)
      await api[name](make("GetServiceRequest") as never, leader.call);
    assert.deepEqual(calls, [
      "local getService",
      "local listTasks",
      "local getCluster",
      "local listServiceStatuses",
    ]);
  });

  it("waits with a linearizable read until somebody leads again", async () => {
    const own = forwardingControl({
      local: failing(new SwarmError("no-leader", "election")).api,
      leader: () => route,
      catchUp: () => Promise.resolve(),
      holdsState: () => true,
      clock,
      random: new SeededRandom("forward"),
    });
    const consistency = ReadConsistency.LINEARIZABLE;
    const read = own.getService(make("GetServiceRequest", { consistency }), leader.call);
    await clock.advance(1_000);
    await read;
    assert.deepEqual(calls, Array(2).fill("leader getService"));
  });

  it("catches up with the leader before a recent read, for a moment at most", async () => {
    const request = make("ListServicesRequest", { consistency: ReadConsistency.RECENT });
    await api.listServices(request, leader.call);
    assert.deepEqual([caughtUp, calls], [1, ["local listServices"]]);
    route = undefined;
    await api.listServices(request, leader.call);
    route = { api: leader.api, local: true };
    await api.listServices(request, leader.call);
    assert.equal(caughtUp, 1, "neither without a leader nor on the leader");
    const stuck = forwardingControl({
      local: answering(async () => ({ where: "local" })),
      leader: () => ({ api: leader.api, local: false }),
      catchUp: (signal) => new Promise((_, reject) => onAbort(signal, () => reject(signal.reason))),
      holdsState: () => true,
      clock,
      random: new SeededRandom("forward"),
    });
    const read = stuck.listServices(request, leader.call);
    await clock.advance(500);
    assert.deepEqual(await read, { where: "local" });
  });

  it("has the leader make changes, and then catches up with it", async () => {
    const { service } = await api.createService(request, leader.call);
    assert.equal(leader.store.view.service.get(service?.id ?? "")?.id, service?.id);
    assert.equal(caughtUp, 1);
  });

  it("need not catch up with itself", async () => {
    route = { api: leader.api, local: true };
    await api.createService(request, leader.call);
    assert.equal(caughtUp, 0);
  });

  it("passes the leader's refusals on", async () => {
    await api.createService(request, leader.call);
    await refused(api.createService(request, leader.call), "exists", /already exists/);
  });

  it("waits for the next leader while there is none", async () => {
    route = undefined;
    const created = api.createService(request, leader.call);
    await clock.advance(2_000);
    assert.equal(leader.store.view.service.size, 0);
    route = { api: leader.api, local: false };
    await clock.until(() => leader.store.view.service.size === 1, 1_000);
    await created;
  });

  it("says with the known text that there is no leader when none comes", async () => {
    route = undefined;
    const outcome = refused(api.createService(request, leader.call), "no-leader", NO_LEADER);
    await clock.advance(LEADER_WAIT_MS);
    await outcome;
  });

  it("says so at once to those who ask again, but waits anew for the next loss", async () => {
    route = undefined;
    const first = refused(api.createService(request, leader.call), "no-leader", NO_LEADER);
    await clock.advance(LEADER_WAIT_MS);
    await first;
    await api.listTasks(make("ListTasksRequest"), leader.call);
    await refused(api.createService(request, leader.call), "no-leader", NO_LEADER);
    await clock.advance(10 * LEADER_WAIT_MS);
    const later = api.createService(request, leader.call);
    await clock.advance(LEADER_WAIT_MS / 2);
    route = { api: leader.api, local: false };
    await clock.advance(LEADER_WAIT_MS / 2);
    await later;
  });

  it("asks again when a call met a manager that does not lead, or never went out", async () => {
    const sent = { details: { sent: "no" } };
    route = failing(
      new SwarmError("not-leader", "not I"),
      new SwarmError("unavailable", "refused", sent),
    );
    const updated = api.updateService(make("UpdateServiceRequest"), leader.call);
    await clock.advance(1_000);
    await updated;
    assert.deepEqual(calls, Array(3).fill("leader updateService"));
  });

  it("never makes a change twice that may have taken effect", async () => {
    for (const code of ["unavailable", "aborted", "deadline"] as const) {
      calls = [];
      route = failing(new SwarmError(code, "lost"));
      await refused(api.createService(request, leader.call), code, "lost");
      assert.deepEqual(calls, ["leader createService"]);
    }
  });

  it("does not take a change for failed because this manager cannot catch up", async () => {
    const own = forwardingControl({
      local: leader.api,
      leader: () => route,
      catchUp: () => Promise.reject(new SwarmError("no-leader", "gone")),
      holdsState: () => true,
      clock,
      random: new SeededRandom("forward"),
    });
    assert((await own.createService(request, leader.call)).service);
  });

  it("does not answer from a state that it does not have yet", async () => {
    let held = false;
    const own = forwardingControl({
      local: failing(new SwarmError("aborted", "once more")).api,
      leader: () => route,
      catchUp: () => Promise.reject(new SwarmError("no-leader", "not yet")),
      holdsState: () => held,
      clock,
      random: new SeededRandom("forward"),
    });
    const list = make("ListTasksRequest", { consistency: ReadConsistency.LOCAL });
    const answer = own.listTasks(list, leader.call);
    await clock.advance(300);
    assert.deepEqual(calls, []);
    held = true;
    await clock.advance(1_000);
    await answer;
    assert.deepEqual(calls, ["leader listTasks", "leader listTasks"]);
    held = false;
    const late = refused(own.listTasks(list, leader.call), "no-leader", NO_LEADER);
    await clock.advance(LEADER_WAIT_MS);
    await late;
  });

  it("asks the leader about nodes, and answers itself when the leader does not", async () => {
    route = failing();
    const list = make("ListNodesRequest");
    await api.listNodes(list, leader.call);
    route = failing(new SwarmError("unavailable", "gone"));
    await api.listNodes(list, leader.call);
    const hung = (_: unknown, { signal }: Call) =>
      new Promise<never>((_resolve, reject) => onAbort(signal, () => reject(signal.reason)));
    route = { local: false, api: { ...leader.api, listNodes: hung } };
    const answer = api.listNodes(list, leader.call);
    await clock.advance(2_000);
    await answer;
    assert.deepEqual(calls, [
      "leader listNodes",
      "leader listNodes",
      "local listNodes",
      "local listNodes",
    ]);
  });

  it("stops waiting when the caller goes away", async () => {
    route = undefined;
    const created = api.createService(request, leader.call);
    leader.abort.abort(new SwarmError("cancelled", "the caller went away"));
    await refused(created, "cancelled", "the caller went away");
  });
});
