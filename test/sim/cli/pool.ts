import { fork, type ChildProcess } from "node:child_process";
import type { Task, TaskResult } from "./worker.ts";

/** Processes that run seeds side by side. */
export const WORKERS = 2;

/** What a pool works on and whom it tells. */
export interface PoolWork {
  /** The program of the workers: a main.ts of the simulator. */
  readonly main: string;
  readonly workers: number;
  /** The next task; undefined when there is none left. */
  readonly next: () => Task | undefined;
  readonly onResult: (result: TaskResult) => void;
}

/** Runs tasks in child processes until none is left. Rejects when a worker dies. */
export async function runPool(work: PoolWork): Promise<void> {
  await Promise.all(Array.from({ length: work.workers }, () => runWorker(work)));
}

function runWorker({ main, next, onResult }: PoolWork): Promise<void> {
  const child = fork(main, ["--worker"], { execArgv: ["--import=tsx"], stdio: "inherit" });
  return new Promise((resolve, reject) => {
    const proceed = (): void => {
      const task = next();
      if (task) child.send(task);
      else child.disconnect();
    };
    child.on("message", (result: TaskResult) => {
      onResult(result);
      proceed();
    });
    child.on("error", reject);
    child.on("exit", (code) => settle(child, code, { resolve, reject }));
    proceed();
  });
}

function settle(
  { connected, signalCode }: ChildProcess,
  code: number | null,
  { resolve, reject }: { resolve: () => void; reject: (error: Error) => void },
): void {
  if (code === 0 && !connected) resolve();
  else reject(new Error(`a worker of the simulator died: ${signalCode ?? code}`));
}
