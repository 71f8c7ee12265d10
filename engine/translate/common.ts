import { make } from "../../proto/codec.ts";
import type { Annotations, Driver, Meta } from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";

/** Any value of a reply. `undefined` fields are left out by JSON.stringify. */
export type Json = { readonly [key: string]: unknown };

/** The value, or undefined (left out) for an empty string, zero, false or an empty collection. */
export function some<T>(value: T): T | undefined {
  if (value === "" || value === 0 || value === false || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (ArrayBuffer.isView(value)) return value.byteLength === 0 ? undefined : value;
  if (typeof value === "object") {
    for (const _ in value) return value;
    return undefined;
  }
  return value;
}

/** Milliseconds as RFC 3339 without trailing zeros, as Go prints times; 0 is Go's zero time. */
export function timeText(ms: number): string {
  if (ms === 0) return "0001-01-01T00:00:00Z";
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** Standard base64; undefined (left out) when empty. */
export function base64(bytes: Uint8Array): string | undefined {
  return bytes.byteLength === 0 ? undefined : Buffer.from(bytes).toString("base64");
}

/** `Version`, `CreatedAt` and `UpdatedAt` of an object. */
export function metaJson(meta: Meta | null): Json {
  return {
    Version: { Index: some(meta?.version?.index ?? 0) },
    CreatedAt: timeText(meta?.createdAtMs ?? 0),
    UpdatedAt: timeText(meta?.updatedAtMs ?? 0),
  };
}

/** `Name` (left out when empty) and `Labels` (never left out) of a spec. */
export function annotationsJson(annotations: Annotations | null): Json {
  return { Name: some(annotations?.name ?? ""), Labels: annotations?.labels ?? {} };
}

/** Reads `Name` and `Labels`. */
export function readAnnotations(json: JsonObject): Annotations {
  return make("Annotations", { name: json.text("Name"), labels: json.map("Labels") });
}

/** A driver with its options; undefined for null. */
export function driverJson(driver: Driver | null): Json | undefined {
  return driver ? { Name: some(driver.name), Options: some(driver.options) } : undefined;
}

/** Reads a driver; null when absent. */
export function readDriver(json: JsonObject | undefined): Driver | null {
  return json ? make("Driver", { name: json.text("Name"), options: json.map("Options") }) : null;
}

/** An absent field as null, a present one wrapped: `OptionalInt64` and `OptionalBool`. */
export function optional<T>(value: T | undefined): { readonly value: T } | null {
  return value === undefined ? null : { value };
}
