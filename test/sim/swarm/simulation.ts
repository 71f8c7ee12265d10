import { SeededRandom } from "../../../lib/random.ts";
import { updateOptions } from "../../../manager/orchestrator/update-options.ts";
import { configOf } from "../../../raft/core/config.ts";
import { failureLog } from "../failure-log.ts";
import { Checker } from "../raft/checker.ts";
import { Group } from "../raft/group.ts";
import { unrest } from "../raft/liveness.ts";
import { Load } from "../raft/load.ts";
import { Histories } from "../raft/client.ts";
import { Nemesis } from "../raft/nemesis.ts";
import { Network } from "../raft/network.ts";
import { Run } from "../run.ts";
import type { SimEvent } from "../scheduler.ts";
import { Violation } from "../violation.ts";
import { SimWorker } from "./agent.ts";
import { CLUSTER_ID, firstObjects } from "./cluster.ts";
import { difference } from "./converged.ts";
import { DependencyChecks } from "./dependency-checks.ts";
import { checkDrain } from "./drain-checks.ts";
import { Operator } from "./operator.ts";
import { Recruit } from "./recruits.ts";
import { rolesProblem } from "./roles-problem.ts";
import { resourcesOf } from "./machine.ts";
import { SimManager } from "./manager.ts";
import { drawSwarmFaults, SwarmNemesis, type SwarmFault } from "./nemesis.ts";
import { describeObjects } from "./describe.ts";
import { drawSwarmPlan, EPOCH_MS, type SwarmPlan } from "./plan.ts";
import { checkServices, isUpdating } from "./service-checks.ts";
import { StoreWatch, type CommitCheck } from "./store-watch.ts";
import { PlacementChecks } from "./placement-checks.ts";
import { ProgramChecks } from "./program-checks.ts";
import { RestartChecks } from "./restart-checks.ts";
import { UpdateChecks } from "./update-checks.ts";
import { MoveChecks } from "./move-checks.ts";
import { Mover } from "./mover.ts";
import { PlacedOutside } from "./outside-checks.ts";
import { OUTSIDE, OutsideScheduler } from "./outside-scheduler.ts";
import { checkRemovals } from "./removal-checks.ts";
import { Remover } from "./remover.ts";
import { checkTasks } from "./task-checks.ts";
import { User } from "./user.ts";
import { Wire } from "./wire.ts";

/** What a run is a function of, together with the code. */
export interface SwarmOptions {
  readonly seed: string;
  /** Instead of what the seed draws; for shrinking. */
  readonly plan?: Partial<SwarmPlan>;
  readonly faults?: readonly SwarmFault[];
  /** Stop after this event. */
  readonly untilEvent?: number;
}

export interface SwarmResult {
  readonly options: SwarmOptions;
  readonly plan: SwarmPlan;
  readonly faults: readonly SwarmFault[];
  readonly violation: Violation | null;
  readonly events: number;
  readonly virtualMs: number;
  /** Equal for two runs that went the same way. */
  readonly hash: string;
  /** Requests of the user that succeeded. */
  readonly requests: number;
  readonly commits: number;
  /** Virtual time from the last fault until desired equalled actual, ms. */
  readonly recoveryMs: number;
  readonly trace: readonly string[];
  readonly members: readonly string[];
  /** Services and tasks as some manager knows them at the end, one a line. */
  readonly objects: readonly string[];
}

/**
 * Virtual time without faults within which desired equals actual, µs; where an update is under way,
 * after the deadline of its tasks.
 */
export const CONVERGENCE_US = 240_000_000;

/** It has to stay so for this long, µs. */
const STEADY_US = 6_000_000;

/** How often the recovery is looked at, µs. */
const LOOK_US = 500_000;

const EVENTS_MAX = 2_000_000;

/** Runs one seed to its end. Never throws for a violation; it is part of the result. */
export function simulateSwarm(options: SwarmOptions): Promise<SwarmResult> {
  return new SwarmSimulation(options).run();
}

class SwarmSimulation {
  readonly #options: SwarmOptions;
  readonly #plan: SwarmPlan;
  readonly #faults: readonly SwarmFault[];
  readonly #run = new Run();
  readonly #network: Network;
  readonly #checker: Checker;
  readonly #group: Group;
  readonly #wire: Wire;
  readonly #watch: StoreWatch;
  readonly #workers: SimWorker[] = [];
  readonly #user: User;
  readonly #operator: Operator;
  readonly #remover: Remover;
  readonly #mover: Mover;
  readonly #placedOutside = new PlacedOutside();
  readonly #outside: OutsideScheduler;
  readonly #recruits: readonly Recruit[];
  #calm = false;
  #healedAt = 0;
  #recoveredAt = 0;

  constructor(options: SwarmOptions) {
    this.#options = options;
    const random = new SeededRandom(`swarm/${options.seed}`);
    this.#plan = { ...drawSwarmPlan(random.split("plan")), ...options.plan };
    const { settings, thinkMs } = this.#plan;
    this.#faults = options.faults ?? drawSwarmFaults(random.split("faults"), this.#plan);
    const fail = (error: unknown): void => this.#run.fail(error);
    const log = failureLog((error) => fail(asViolation(error)));
    this.#network = new Network(this.#run.scheduler, random.split("network"));
    this.#checker = new Checker(configOf({ ...settings.core, id: 1, random: () => 0 }));
    this.#wire = new Wire(this.#network, fail);
    this.#watch = new StoreWatch(this.#checks());
    const names = (kind: string, count: number, from = 1): string[] =>
      Array.from({ length: count }, (_, i) => `${kind}${from + i}`);
    const managers = names("n", this.#plan.managers);
    const workers = names("w", this.#plan.workers);
    const recruits = names("n", this.#plan.recruits, managers.length + 1);
    const shared = {
      wire: this.#wire,
      log,
      bootstrap: firstObjects({ managers, workers, recruits }, random.split("bootstrap")),
      watch: this.#watch,
      manager: (addr: string) => this.#manager(addr.split(":")[0]!),
      onViolation: fail,
    };
    this.#group = new Group({
      network: this.#network,
      checker: this.#checker,
      random: random.split("members"),
      settings,
      openApplication: (life) => new SimManager(life, shared),
      onExit: (member, reason) => this.#group.exited(member, reason),
      onViolation: fail,
    });
    const world = {
      ...shared,
      scheduler: this.#run.scheduler,
      isCalm: () => this.#calm,
      onChange: () => {},
      epochMs: EPOCH_MS,
      clusterId: CLUSTER_ID,
    };
    for (const name of workers) {
      const own = random.split(name);
      const resources = resourcesOf(2 + own.int(3), 1 + own.int(3));
      const addrs = managers.map((manager) => `${manager}:2377`);
      this.#workers.push(new SimWorker({ name, resources, managers: addrs }, own, world));
    }
    const requests = {
      scheduler: this.#run.scheduler,
      managers: () => this.#managers(),
      onViolation: fail,
    };
    const schedulers = this.#plan.outside ? [OUTSIDE] : [];
    this.#user = new User(random.split("user"), { ...requests, thinkMs, schedulers });
    this.#operator = new Operator(random.split("operator"), requests);
    this.#remover = new Remover(random.split("remover"), requests);
    this.#mover = new Mover(this.#plan.moves, random.split("mover"), requests);
    this.#outside = new OutsideScheduler(random.split("outside"), {
      ...requests,
      wire: this.#wire,
      placed: this.#placedOutside,
      isCalm: () => this.#calm,
    });
    const around = { ...requests, wire: this.#wire, group: this.#group };
    const machines = recruits.length > 0 ? [...managers, ...recruits] : [];
    this.#recruits = machines.map(
      (name) => new Recruit(name, random.split(`recruit ${name}`), around),
    );
  }

  async run(): Promise<SwarmResult> {
    await this.#group.begin(this.#plan.managers);
    for (const worker of this.#workers) worker.start();
    this.#schedule();
    const limits = { untilEvent: this.#options.untilEvent, eventsMax: EVENTS_MAX };
    await this.#run.loop(limits, (event) => this.#observe(event));
    return this.#result();
  }

  #checks(): readonly CommitCheck[] {
    const { scheduler } = this.#run;
    const placement = new PlacementChecks(() => scheduler.now);
    const updates = new UpdateChecks(() => EPOCH_MS + scheduler.now / 1000);
    const programs = new ProgramChecks(this.#workers);
    const dependencies = new DependencyChecks(() => EPOCH_MS + scheduler.now / 1000);
    const moves = new MoveChecks(this.#plan.moves);
    const followers = [new RestartChecks(), placement, updates, programs, dependencies, moves];
    return [
      checkTasks,
      checkServices,
      checkDrain,
      checkRemovals,
      (events): void => this.#placedOutside.check(events),
      ...followers.map(
        (follower): CommitCheck =>
          (events, view) =>
            follower.check(events, view),
      ),
    ];
  }

  #manager(name: string): SimManager | undefined {
    const application = this.#group.find(name)?.application;
    return application instanceof SimManager ? application : undefined;
  }

  #managers(): readonly SimManager[] {
    return this.#group.active.flatMap(({ name }) => this.#manager(name) ?? []);
  }

  #schedule(): void {
    const { scheduler } = this.#run;
    const load = new Load(this.#checker, new Histories());
    const nemesis = new SwarmNemesis({
      raft: new Nemesis(this.#group, this.#network, load),
      network: this.#network,
      wire: this.#wire,
      managers: () => this.#group.active.map(({ name }) => name),
      workers: this.#workers,
    });
    for (const fault of this.#faults)
      scheduler.after(fault.at, ["fault", fault.kind, fault], () => nemesis.begin(fault));
    this.#guard(this.#user.run());
    for (const recruit of this.#recruits) recruit.start();
    if (this.#recruits.length > 0) this.#guard(this.#operator.run());
    this.#guard(this.#mover.run());
    if (this.#plan.outside) this.#guard(this.#outside.run());
    if (this.#plan.removals) this.#guard(this.#remover.run());
    scheduler.after(this.#plan.faultMs * 1000, ["fault", "heal"], () => this.#heal());
  }

  #heal(): void {
    this.#calm = true;
    this.#user.stopped = true;
    this.#operator.stopped = true;
    this.#remover.stopped = true;
    this.#mover.stopped = true;
    this.#network.heal();
    this.#group.healRest();
    const [first] = this.#workers;
    if (this.#plan.loss && first) {
      first.crash(true);
      first.lost = true;
    }
    for (const worker of this.#workers) {
      worker.resume();
      worker.start();
    }
    this.#healedAt = this.#run.scheduler.now;
    this.#guard(this.#user.tidy().then(() => this.#recover()));
  }

  /** Looks until desired equals actual and stays so for a while. */
  #recover(): void {
    const { scheduler } = this.#run;
    let since: number | undefined;
    let patienceUs = 0;
    const look = (): void => {
      const problem = this.#problem();
      const { now } = scheduler;
      if (problem === null) since ??= now;
      else since = undefined;
      patienceUs = Math.max(patienceUs, this.#deadlineUs());
      if (problem !== null && now > this.#healedAt + CONVERGENCE_US + patienceUs)
        throw new Violation("convergence", problem);
      if (since !== undefined && now >= since + STEADY_US) {
        this.#recoveredAt = since;
        this.#run.over = true;
      } else scheduler.after(LOOK_US, ["fault", "look"], look);
    };
    look();
  }

  #problem(): string | null {
    const restless = unrest(this.#group);
    const { leader } = this.#group;
    if (restless !== null || !leader) return restless ?? "nobody leads";
    const { view } = this.#manager(leader.name)!.store;
    const members = leader.host!.status().members.map(({ nodeId }) => nodeId);
    return rolesProblem(view, members) ?? difference(view, this.#workers);
  }

  /** The longest that a task of an update under way may take until it runs. */
  #deadlineUs(): number {
    const { leader } = this.#group;
    const view = leader && this.#manager(leader.name)?.store.view;
    const updating = [...(view?.service.all() ?? [])].filter(isUpdating);
    return Math.max(0, ...updating.map((service) => updateOptions(service).deadlineMs)) * 1000;
  }

  #guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#run.fail(error));
  }

  #observe(event: SimEvent): readonly number[] {
    const member = this.#group.find(event.who);
    const status = member?.status();
    const state = [this.#watch.index, this.#watch.digest];
    if (!member || !status) return state;
    this.#checker.observe(member, status);
    return [...state, status.term, status.commit, status.applied];
  }

  #objects(): readonly string[] {
    const stores = this.#managers().map(({ store }) => store);
    const store = stores.sort((a, b) => b.version - a.version)[0];
    return store ? describeObjects(store.view) : [];
  }

  #result(): SwarmResult {
    const { scheduler, trace, violation } = this.#run;
    return {
      options: this.#options,
      plan: this.#plan,
      faults: this.#faults,
      violation,
      events: scheduler.count,
      virtualMs: scheduler.now / 1000,
      hash: trace.hash,
      requests: this.#user.done + this.#operator.done + this.#remover.done + this.#mover.done,
      commits: this.#watch.commits,
      recoveryMs: Math.max(0, this.#recoveredAt - this.#healedAt) / 1000,
      trace: trace.lines(),
      members: this.#group.members.map((member) => this.#group.describe(member)),
      objects: this.#objects(),
    };
  }
}

/** A line of level "error" is a failure of the manager. */
function asViolation(error: unknown): unknown {
  if (error instanceof Violation) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const violation = new Violation("log-error", cause.message);
  violation.stack = cause.stack ?? "";
  return violation;
}
