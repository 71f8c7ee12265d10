import { closeSync, openSync, readSync } from "node:fs";
import type { Cancel, Clock } from "../lib/clock.ts";
import { percentile } from "./report.ts";

/** How often the loop is asked to come round. */
const SAMPLE_MS = 1;

const NS_PER_MS = 1e6;

/** How long the event loop kept others waiting, in milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
  /** CPU time between two rounds: what the delay would be on a machine of its own. */
  readonly cpuP99: number;
  readonly cpuMax: number;
}

/** Watches this thread's event loop until asked. */
export function watchLoop(clock: Clock): () => LoopDelay {
  const delays: number[] = [];
  const cpu: number[] = [];
  const readCpu = cpuReader();
  let at = clock.monotonic();
  let used = readCpu.ms();
  let cancel: Cancel = () => {};
  const sample = (): void => {
    const now = clock.monotonic();
    const nowUsed = readCpu.ms();
    delays.push(Math.max(0, now - at - SAMPLE_MS));
    cpu.push(nowUsed - used);
    at = now;
    used = nowUsed;
    cancel = clock.after(SAMPLE_MS, sample);
  };
  cancel = clock.after(SAMPLE_MS, sample);
  return () => {
    cancel();
    readCpu.close();
    const of = (values: readonly number[], percent: number): number =>
      percentile(values, percent) ?? 0;
    return {
      p99: of(delays, 99),
      max: of(delays, 100),
      cpuP99: of(cpu, 99),
      cpuMax: of(cpu, 100),
    };
  };
}

/** The main thread's CPU time as the scheduler counts it; always 0 where /proc does not tell. */
function cpuReader(): { readonly ms: () => number; readonly close: () => void } {
  const path = `/proc/self/task/${process.pid}/schedstat`;
  if (process.platform !== "linux") return { ms: () => 0, close: () => {} };
  const fd = openSync(path, "r");
  const buffer = Buffer.alloc(128);
  return {
    ms: () => {
      // Asking for the whole process's time brings the thread's own up to date: without that it
      // moves only at the kernel's ticks, every few milliseconds.
      process.cpuUsage();
      const length = readSync(fd, buffer, 0, buffer.length, 0);
      return Number(buffer.toString("latin1", 0, length).split(" ")[0]) / NS_PER_MS;
    },
    close: () => closeSync(fd),
  };
}
