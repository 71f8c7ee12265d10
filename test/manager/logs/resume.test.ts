import assert from "node:assert/strict";
import { SwarmError } from "../../../lib/errors.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { RESUME_WAIT_MS, resumingLogs, TASKS_MAX } from "../../../manager/logs/resume.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import type { LogMessage, LogsApi, SubscribeLogsRequest } from "../../../proto/generated.ts";
import { SimClock } from "../../fakes/sim-clock.ts";
import { refused } from "../control/harness.ts";

type Line = readonly [taskId: string, timestamp: string, text: string];
/** What one leader sends before it is lost, or before its logs end. */
type Term = { readonly lines: readonly Line[]; readonly lost?: SwarmError };

const LOST = new SwarmError("not-leader", "this manager does not lead any more");
const at = (fraction: string): string => `2026-01-02T03:04:05.${fraction}Z`;

function message([taskId, timestamp, text]: Line): LogMessage {
  const context = make("LogContext", { taskId });
  return make("LogMessage", { context, timestamp, data: Buffer.from(text) });
}

describe("logs across leaders", () => {
  let clock: SimClock;
  let call: Call;
  let asked: SubscribeLogsRequest[];

  beforeEach(() => {
    clock = new SimClock();
    asked = [];
    const caller = { nodeId: "n", role: "manager", clusterId: "c", addr: "" } as const;
    call = { signal: new AbortController().signal, caller };
  });

  function logsOf(terms: Term[]): LogsApi {
    return {
      async *subscribeLogs(request) {
        asked.push(request);
        const term = terms.shift();
        if (!term) throw LOST;
        for (const line of term.lines)
          yield make("SubscribeLogsMessage", { messages: [message(line)] });
        if (term.lost) throw term.lost;
      },
    };
  }

  async function read(terms: Term[], tail = 3): Promise<string[]> {
    const logs = resumingLogs(logsOf(terms), { clock, random: new SeededRandom("logs") });
    const options = make("LogOptions", { follow: true, tail: { value: tail } });
    const texts: string[] = [];
    const reading = (async () => {
      for await (const { messages } of logs.subscribeLogs({ selector: null, options }, call))
        texts.push(...messages.map(({ data }) => data.toString()));
    })();
    let over = false;
    void reading.then(
      () => (over = true),
      () => (over = true),
    );
    await clock.until(() => over, 2 * RESUME_WAIT_MS);
    await reading;
    return texts;
  }

  it("go on where they were, each line once", async () => {
    const texts = await read([
      {
        lines: [
          ["a", at("1"), "a1"],
          ["b", at("15"), "b1"],
          ["a", at("2"), "a2"],
          ["a", at("2"), "a3"],
        ],
        lost: LOST,
      },
      {
        lines: [
          ["a", at("1"), "a1"],
          ["a", at("2"), "a2"],
          ["b", at("150"), "b1"],
          ["a", at("2"), "a3"],
          ["a", at("2"), "a4"],
          ["c", at("01"), "c1"],
          ["b", at("3"), "b2"],
        ],
      },
    ]);
    assert.deepEqual(texts, ["a1", "b1", "a2", "a3", "a4", "c1", "b2"]);
    const [first, second] = asked.map(({ options }) => options);
    assert.equal(first?.tail?.value, 3);
    assert.equal(second?.tail, null, "the last lines were counted once");
    assert.equal(second?.sinceMs, Date.parse(at("15")));
    // Each goes on at its own line: one that ended long ago makes nobody send all since then.
    assert.deepEqual(second?.positions, [
      { taskId: "a", sinceMs: Date.parse(at("2")) },
      { taskId: "b", sinceMs: Date.parse(at("15")) },
    ]);
  });

  it("know no more than the last tasks, however many there were", async () => {
    const lines = Array.from({ length: TASKS_MAX + 5 }, (_, i): Line => [`t${i}`, at("1"), `${i}`]);
    const texts = await read([
      { lines, lost: LOST },
      { lines: [...lines.slice(-3), ["t1", at("2"), "late"]] },
    ]);
    assert.equal(texts.length, lines.length + 1);
    const positions = asked[1]?.options?.positions ?? [];
    assert.equal(positions.length, TASKS_MAX);
    assert.equal(positions[0]?.taskId, "t5");
  });

  it("ask the same again when nothing was read yet", async () => {
    await read([{ lines: [], lost: LOST }, { lines: [["a", at("1"), "a1"]] }]);
    assert.deepEqual(asked[0], asked[1]);
  });

  it("end when no leader takes them over in time, and at once with other errors", async () => {
    await refused(
      read([{ lines: [["a", at("1"), "a1"]], lost: LOST }]),
      "unavailable",
      /no leader/,
    );
    const gone = new SwarmError("not-found", "service x not found");
    await refused(read([{ lines: [], lost: gone }]), "not-found", gone.message);
  });
});
