import { assert } from "../../lib/assert.ts";
import type { ConfChange, ConfChangeStep, ConfTransition } from "./types.ts";

const TRANSITIONS: readonly ConfTransition[] = ["auto", "implicit", "explicit"];
const STEPS: readonly ConfChangeStep["type"][] = ["add-voter", "add-learner", "remove", "update"];

/** The change that leaves a joint configuration; its encoding is empty. */
export const LEAVE_JOINT: ConfChange = Object.freeze({
  transition: "auto",
  steps: Object.freeze([]),
  context: new Uint8Array(0),
});

const HEADER_BYTES = 3;
const STEP_BYTES = 9;

/**
 * The data of a "conf-change" entry: transition u8, step count u16, then per step type u8 and
 * id u64 (big-endian), then the context. {@link LEAVE_JOINT} is zero bytes.
 */
export function encodeConfChange(change: ConfChange): Uint8Array {
  const { transition, steps, context } = change;
  if (transition === "auto" && steps.length === 0 && context.length === 0) {
    return LEAVE_JOINT.context;
  }
  const out = new Uint8Array(HEADER_BYTES + steps.length * STEP_BYTES + context.length);
  const view = new DataView(out.buffer);
  out[0] = TRANSITIONS.indexOf(transition);
  view.setUint16(1, steps.length);
  let at = HEADER_BYTES;
  for (const step of steps) {
    out[at] = STEPS.indexOf(step.type);
    view.setBigUint64(at + 1, BigInt(step.id));
    at += STEP_BYTES;
  }
  out.set(context, at);
  return out;
}

/**
 * The reverse of {@link encodeConfChange}.
 * @throws InvariantError on bytes it did not make: a committed entry that cannot be read
 */
export function decodeConfChange(data: Uint8Array): ConfChange {
  if (data.length === 0) return LEAVE_JOINT;
  assert(data.length >= HEADER_BYTES, "a configuration change has a header");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const transition = TRANSITIONS[view.getUint8(0)];
  const end = HEADER_BYTES + view.getUint16(1) * STEP_BYTES;
  assert(transition !== undefined && data.length >= end, "a configuration change is complete");
  const steps: ConfChangeStep[] = [];
  for (let at = HEADER_BYTES; at < end; at += STEP_BYTES) {
    const type = STEPS[view.getUint8(at)];
    const id = Number(view.getBigUint64(at + 1));
    assert(type !== undefined && Number.isSafeInteger(id), "a configuration step is well formed");
    steps.push({ type, id });
  }
  return { transition, steps, context: data.slice(end) };
}
