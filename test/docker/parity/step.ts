/** One request of the table, sent to both engines. `{name}` in path and body is a learned value. */
export interface Step {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** Values to keep for later steps: name → path in the reply, `Version.Index` and the like. */
  readonly learn?: Readonly<Record<string, string>>;
  /** Asked again until it holds, before the replies are compared. */
  readonly until?: (body: never) => boolean;
  /** How much of the bodies is compared: all, which fields there are, or nothing. @default all */
  readonly compare?: "all" | "fields" | "nothing";
  /** Why Skep answers otherwise on purpose, and with which status. */
  readonly differs?: { readonly status: number; readonly why: string };
}

type More = Pick<Step, "learn" | "until" | "compare" | "differs">;

/** A GET. */
export function get(path: string, more: More = {}): Step {
  return { method: "GET", path, ...more };
}

/** A GET that is to be refused in the same way by both, `paths` one after the other. */
export function gets(...paths: readonly string[]): readonly Step[] {
  return paths.map((path) => get(path));
}

/** A POST with a JSON body; undefined = none. */
export function post(path: string, body?: unknown, more: More = {}): Step {
  return { method: "POST", path, body, ...more };
}

/** A DELETE. */
export function del(path: string, more: More = {}): Step {
  return { method: "DELETE", path, ...more };
}

/** A list request with filters, as JSON. */
export function filtered(path: string, filters: unknown, more: More = {}): Step {
  const sign = path.includes("?") ? "&" : "?";
  return get(`${path}${sign}filters=${encodeURIComponent(JSON.stringify(filters))}`, more);
}

/** Standard base64. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
