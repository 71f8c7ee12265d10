import { SwarmError } from "./errors.ts";

/** Nanoseconds in each unit of Go's duration grammar (time.ParseDuration). */
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Parses a Go duration such as `1h30m`, `250ms` or `0` into nanoseconds. Throws `invalid`. */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const sign = text.startsWith("-") ? -1 : 1;
  const body = text.replace(/^[+-]/, "");
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y;
  let total = 0;
  let end = 0;
  for (let match = part.exec(body); match; match = part.exec(body)) {
    total += Number(match[1]) * (DURATION_UNITS[match[2] ?? ""] ?? 0);
    end = part.lastIndex;
  }
  if (end === 0 || end !== body.length || !Number.isSafeInteger(Math.round(total)))
    throw new SwarmError(
      "invalid",
      `invalid duration "${text}": use a form like 10s, 1m30s or 250ms`,
    );
  return sign * Math.round(total);
}

/** Formats nanoseconds the way Go's Duration.String does: `1h0m0s`, `5s`, `250ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const ns = Math.abs(nanoseconds);
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${ns / 1e3}µs`;
  if (ns < 1e9) return `${sign}${ns / 1e6}ms`;
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = Number(((ns % 60e9) / 1e9).toFixed(9));
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${sign}${head}${seconds}s`;
}

/** Parses bytes as docker does: `512m`, `1.5GiB`, `64kb`, `1024` (powers of 1024). */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?(?:i?b)?$|^(\d+)b$/i.exec(text.trim());
  if (!match)
    throw new SwarmError("invalid", `invalid size "${text}": use a form like 512MB or 1GiB`);
  const power = match[2] ? "kmgtp".indexOf(match[2].toLowerCase()) + 1 : 0;
  return Math.floor(Number(match[1] ?? match[3]) * 1024 ** power);
}

/** Formats bytes as docker's tables do: `512MiB`, `1.5GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

/** Parses CPUs such as `0.5` or `2` into nano-CPUs; at most nine decimals. */
export function parseCpus(text: string): number {
  if (!/^(?:\d+(?:\.\d{0,9})?|\.\d{1,9})$/.test(text))
    throw new SwarmError("invalid", `invalid number of CPUs "${text}": use a form like 0.5 or 2`);
  return Math.round(Number(text) * 1e9);
}
