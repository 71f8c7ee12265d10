/** Who makes a call, as the certificate of its connection proves. */
export interface Caller {
  /** The certificate's common name; empty for a caller without a certificate. */
  readonly nodeId: string;
  /** From the organisational unit; `none` for a caller without a certificate. */
  readonly role: "manager" | "worker" | "none";
  /** The certificate's organisation. */
  readonly clusterId: string;
  /** IP address the call came from; empty for a call within the process. */
  readonly addr: string;
}

/** What accompanies a request, local or remote. */
export interface Call {
  /** Aborts when the caller goes away or its deadline passes. */
  readonly signal: AbortSignal;
  /** On whose behalf the call is made. */
  readonly caller: Caller;
}
