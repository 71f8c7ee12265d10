/** Where the processes of a cluster run. */
export interface Site {
  /** Addresses without ports, one for each process. */
  readonly hosts: readonly string[];
  /** Network namespaces by process; null = this process's. */
  readonly namespaces: readonly (string | null)[];
}

/** `size` processes in this process's network. */
export function loopback(size: number): Site {
  return { hosts: Array(size).fill("127.0.0.1"), namespaces: Array(size).fill(null) };
}
