import { SeededRandom } from "../../../lib/random.ts";
import { configOf } from "../../../raft/core/config.ts";
import { checkRegister } from "../linearizability.ts";
import { drained, Scheduler, type SimEvent } from "../scheduler.ts";
import { Trace } from "../trace.ts";
import { demand, Violation } from "../violation.ts";
import { Checker } from "./checker.ts";
import { Client, Histories } from "./client.ts";
import { drawFaults, type Fault } from "./faults.ts";
import { Group } from "./group.ts";
import { Recovery } from "./liveness.ts";
import type { SimMember } from "./member.ts";
import { Nemesis } from "./nemesis.ts";
import { Load } from "./load.ts";
import { Network } from "./network.ts";
import { drawPlan, type Plan, type Profile } from "./profiles.ts";
import { RegisterMachine } from "./register-machine.ts";

/** What a run is a function of, together with the code. */
export interface RunOptions {
  readonly seed: string;
  readonly profile: Profile;
  /** Instead of what the seed draws; for shrinking. */
  readonly plan?: Partial<Plan>;
  readonly faults?: readonly Fault[];
  /** Stop after this event. */
  readonly untilEvent?: number;
}

export interface RunResult {
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly faults: readonly Fault[];
  readonly violation: Violation | null;
  readonly events: number;
  readonly virtualMs: number;
  /** Equal for two runs that went the same way. */
  readonly hash: string;
  /** Operations of clients with a known outcome. */
  readonly operations: number;
  /** Registers whose history was too hard to decide. */
  readonly undecided: number;
  readonly committed: number;
  readonly trace: readonly string[];
  /** Every member at the end, one a line. */
  readonly members: readonly string[];
}

/** Operations that a client begins at most; longer histories are not decided in time. */
const OPERATIONS_MAX = 150;
const RECOVERY_OPERATIONS_MAX = 60;
const RECOVERY_READS_PER_CENT = 35;

/** Events of one run; a healthy one has a third of them at most. */
const EVENTS_MAX = 250_000;

/** How often the recovery is looked at, µs. */
const LOOK_US = 200_000;

/** Runs one seed to its end. Never throws for a violation; it is part of the result. */
export function simulate(options: RunOptions): Promise<RunResult> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #plan: Plan;
  readonly #faults: readonly Fault[];
  readonly #scheduler = new Scheduler();
  readonly #trace = new Trace();
  readonly #network: Network;
  readonly #checker: Checker;
  readonly #group: Group;
  readonly #histories = new Histories();
  readonly #clients: Client[] = [];
  readonly #machines = new WeakMap<SimMember, RegisterMachine>();
  #violation: Violation | null = null;
  #over = false;

  constructor(options: RunOptions) {
    this.#options = options;
    const { seed, profile } = options;
    const random = new SeededRandom(`${profile.name}/${seed}`);
    this.#plan = { ...drawPlan(profile, random.split("plan")), ...options.plan };
    const { settings, faults: kinds, faultMs } = this.#plan;
    const script = random.split("faults");
    this.#faults = options.faults ?? drawFaults(script, { kinds, gapMs: profile.gapMs, faultMs });
    this.#network = new Network(this.#scheduler, random.split("network"));
    this.#checker = new Checker(configOf({ ...settings.core, id: 1, random: () => 0 }));
    this.#group = new Group({
      network: this.#network,
      checker: this.#checker,
      random: random.split("members"),
      settings,
      openApplication: ({ member }) => {
        const machine = new RegisterMachine(this.#checker);
        this.#machines.set(member, machine);
        return { stateMachine: machine };
      },
      onExit: (member, reason) => this.#group.exited(member, reason),
      onViolation: (error) => this.#fail(error),
    });
    for (let i = 1; i <= this.#plan.clients; i++) {
      const client = new Client(random.split(`client ${i}`), {
        scheduler: this.#scheduler,
        checker: this.#checker,
        members: () => this.#group.active,
        machineOf: (member) => (member.running ? this.#machines.get(member) : undefined),
        histories: this.#histories,
        keys: this.#plan.keys,
      });
      this.#clients.push(client);
    }
  }

  async run(): Promise<RunResult> {
    const onRejection = (error: unknown): void => this.#fail(error);
    process.on("unhandledRejection", onRejection);
    try {
      await this.#group.begin(this.#plan.members);
      this.#schedule();
      await this.#loop();
      if (!this.#violation && this.#options.untilEvent === undefined) this.#checkHistories();
    } catch (error) {
      this.#fail(error);
    } finally {
      process.off("unhandledRejection", onRejection);
    }
    return this.#result();
  }

  #schedule(): void {
    const nemesis = new Nemesis(
      this.#group,
      this.#network,
      new Load(this.#checker, this.#histories),
    );
    for (const fault of this.#faults)
      this.#scheduler.after(fault.at, ["fault", fault.kind, fault], () => nemesis.begin(fault));
    for (const client of this.#clients)
      client
        .run(OPERATIONS_MAX, this.#plan.readsPerCent)
        .catch((error: unknown) => this.#fail(error));
    this.#scheduler.after(this.#plan.faultMs * 1000, ["fault", "heal"], () => this.#heal());
  }

  /** First a bare quorum has to recover, where that is possible, then everybody. */
  #heal(): void {
    this.#network.heal();
    this.#group.heal(this.#plan.core);
    this.#recover(() => {
      this.#group.healRest();
      this.#recover(() => {
        this.#over = true;
      });
    });
  }

  #recover(next: () => void): void {
    for (const client of this.#clients)
      client
        .run(RECOVERY_OPERATIONS_MAX, RECOVERY_READS_PER_CENT)
        .catch((error: unknown) => this.#fail(error));
    const recovery = new Recovery(this.#group, this.#clients, this.#scheduler.now);
    const look = (): void => {
      if (recovery.check(this.#scheduler.now)) next();
      else this.#scheduler.after(LOOK_US, ["fault", "look"], look);
    };
    look();
  }

  async #loop(): Promise<void> {
    const last = this.#options.untilEvent ?? Infinity;
    while (!this.#over && !this.#violation && this.#scheduler.count < last) {
      const event = this.#scheduler.next();
      if (this.#scheduler.count > EVENTS_MAX)
        throw new Violation("flood", "it never comes to rest");
      if (!event) throw new Violation("liveness", "nothing is left to happen");
      try {
        event.run();
        await drained();
      } catch (error) {
        this.#fail(error);
      }
      this.#observe(event);
    }
  }

  #observe(event: SimEvent): void {
    const member = this.#group.find(event.who);
    const status = member?.status();
    if (!member || !status) {
      this.#trace.add(event, []);
      return;
    }
    const { term, commit, applied, lastIndex } = status;
    this.#trace.add(event, [term, commit, applied, lastIndex, ROLES.indexOf(status.role)]);
    if (this.#violation) return;
    try {
      this.#checker.observe(member, status);
    } catch (error) {
      this.#fail(error);
    }
  }

  #checkHistories(): void {
    for (const [key, operations] of this.#histories.byKey) {
      const verdict = checkRegister(operations);
      if (verdict === "undecided") this.#undecided++;
      demand(verdict !== "violation", "linearizability", () => `register ${key}`);
    }
  }

  #undecided = 0;

  #fail(error: unknown): void {
    if (this.#violation) return;
    if (error instanceof Violation) this.#violation = error;
    else {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.#violation = new Violation("crash", cause.message);
      this.#violation.stack = cause.stack ?? "";
    }
  }

  #result(): RunResult {
    return {
      options: this.#options,
      plan: this.#plan,
      faults: this.#faults,
      violation: this.#violation,
      events: this.#scheduler.count,
      virtualMs: this.#scheduler.now / 1000,
      hash: this.#trace.hash,
      operations: this.#clients.reduce((sum, { completed }) => sum + completed, 0),
      undecided: this.#undecided,
      committed: this.#checker.tree.committedIndex,
      trace: this.#trace.lines(),
      members: this.#group.members.map((member) => this.#group.describe(member)),
    };
  }
}

const ROLES = ["follower", "pre-candidate", "candidate", "leader"];
