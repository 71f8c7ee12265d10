import { make } from "../../proto/codec.ts";
import type { HealthConfig, OptionalInt64 } from "../../proto/generated.ts";
import type { Program } from "./runtime.ts";

const RELEASE_POLL_S = 0.02;
const HEALTH_INTERVAL_NS = 20e6;
/** Short: the first process of a container does not hear of the stop signal. */
const GRACE_NS = 300e6;

/** What a shell is told for a program, and the fields of the spec that belong to it. */
export interface ShellProgram {
  readonly command: readonly string[];
  readonly healthcheck: HealthConfig | null;
  readonly stopGracePeriodNs: OptionalInt64;
}

function script(program: Program, flag: string): string {
  switch (program.does) {
    case "idle":
    case "sick":
      return "exec sleep 1000";
    case "print":
      return [
        ...program.out.map((line) => `echo ${line}`),
        ...program.err.map((line) => `echo ${line} >&2`),
      ].join("; ");
    case "exit": {
      const wait = `until [ -e ${flag} ]; do sleep ${RELEASE_POLL_S}; done; `;
      return `${program.when === "released" ? wait : ""}exit ${program.code}`;
    }
    case "ignore-stop":
      return 'trap "" TERM; echo deaf; while :; do sleep 0.1; done';
    case "miss":
      return "";
  }
}

/** A program as a shell runs it; `flag` is the file that releases it. */
export function shellProgram(program: Program, flag: string): ShellProgram {
  const check = { test: ["CMD-SHELL", "false"], intervalNs: HEALTH_INTERVAL_NS, retries: 2 };
  return {
    command: program.does === "miss" ? ["/no/such/program"] : ["sh", "-c", script(program, flag)],
    healthcheck: program.does === "sick" ? make("HealthConfig", check) : null,
    stopGracePeriodNs: { value: GRACE_NS },
  };
}
