import { eventually } from "../../worker/runtime/wait.ts";
import { difference } from "./compare.ts";
import { send, type WireReply } from "./http.ts";
import { normalise, type Learned } from "./normalise.ts";
import type { Step } from "./step.ts";

/** One of the two engines and what was learned of it. */
export interface Player {
  readonly socketPath: string;
  readonly learned: Learned;
}

function filled(text: string, learned: Learned): string {
  return text
    .replace(/%7B(\w+)%7D/g, (all, name: string) => learned.get(name) ?? all)
    .replace(/\{(\w+)\}/g, (all, name: string) => learned.get(name) ?? all);
}

function parsed(reply: WireReply): unknown {
  try {
    return JSON.parse(reply.text);
  } catch {
    return undefined; // no JSON, no fields
  }
}

function at(body: unknown, path: string): unknown {
  if (path === "") return body;
  return path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], body);
}

function holds(step: Step, body: unknown): boolean {
  if (!step.until) return true;
  try {
    return step.until(body as never);
  } catch {
    return false; // not even the fields are there yet
  }
}

/** Sends the step to one engine, until its condition holds, and learns from the reply. */
async function ask({ socketPath, learned }: Player, step: Step): Promise<WireReply> {
  const body = typeof step.body === "string" ? step.body : JSON.stringify(step.body);
  const request = {
    method: step.method,
    path: filled(step.path, learned),
    body: body === undefined ? undefined : filled(body, learned),
  };
  let reply = await send(socketPath, request);
  await eventually(async () => {
    if (holds(step, parsed(reply))) return true;
    reply = await send(socketPath, request);
    return false;
  });
  for (const [name, path] of Object.entries(step.learn ?? {})) {
    const value = at(parsed(reply), path);
    // Without it the steps that need it mean nothing.
    if (typeof value !== "string" && typeof value !== "number")
      throw new Error(`${step.method} ${step.path} has no ${path}: ${reply.text}`);
    learned.set(name, String(value));
  }
  return reply;
}

/** Sends the steps to both engines; returns what was different, step by step. */
export async function play(
  steps: readonly Step[],
  docker: Player,
  skep: Player,
): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const step of steps) {
    const [theirs, ours] = await Promise.all([ask(docker, step), ask(skep, step)]);
    const found = difference(
      step,
      normalise(theirs, docker.learned),
      normalise(ours, skep.learned),
    );
    if (found) {
      const body = step.body === undefined ? "" : ` ${JSON.stringify(step.body).slice(0, 300)}`;
      differences.push(`${step.method} ${decodeURIComponent(step.path)}${body}: ${found}`);
    }
  }
  return differences;
}
