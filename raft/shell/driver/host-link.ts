import type { DataCipher } from "../keys/data-cipher.ts";
import type { Transport } from "../transport/transport.ts";
import type { Parts } from "./parts.ts";
import type { DriverPort, ToDriver } from "./port.ts";
import { toPortError } from "./port-error.ts";

/** What this part needs of its driver. */
export interface HostLinkModules {
  readonly port: DriverPort;
  readonly transport: Transport;
  readonly cipher: DataCipher | null;
  /** Runs work that waits; its failure is the member's. */
  readonly run: (work: () => Promise<void>) => void;
  readonly stop: () => Promise<void>;
  readonly halt: () => Promise<void>;
}

/** Carries the host's commands to the parts they are for. */
export class HostLink {
  readonly #parts: Parts;
  readonly #modules: HostLinkModules;
  #restored: (() => void) | undefined;

  constructor(parts: Parts, modules: HostLinkModules) {
    this.#parts = parts;
    this.#modules = modules;
  }

  take(message: ToDriver): void {
    const { proposals, reads, apply, snapshotting } = this.#parts;
    const { run, stop, halt, transport } = this.#modules;
    switch (message.kind) {
      case "propose":
        return proposals.add(message.id, message.data);
      case "read":
        return reads.add(message.id);
      case "applied":
        return snapshotting.consider(message.through, apply.acknowledge(message.through));
      case "captured":
        return snapshotting.captured(message.key);
      case "saved":
        return run(() => snapshotting.saved(message.key, message.content));
      case "not-saved":
        return run(() => snapshotting.notSaved(message.reason));
      case "restored":
        return this.#restored?.();
      case "call":
        return run(() => this.#call(message));
      case "tls":
        return transport.updateTls(message.tls);
      case "keys":
        return this.#modules.cipher?.use(message.keys);
      case "snapshot":
        return snapshotting.ask();
      case "ping":
        return undefined;
      case "stop":
        return run(stop);
      case "halt":
        return run(halt);
    }
  }

  /** Has the host replace its state by the current snapshot, if there is one. */
  restore(): Promise<void> {
    const snapshot = this.#parts.snapshotting.current;
    if (!snapshot) return Promise.resolve();
    const { meta, content } = snapshot;
    const key = { index: meta.index, term: meta.term };
    return new Promise((resolve) => {
      this.#restored = resolve;
      this.#modules.port.post({ kind: "restore", key, content });
    });
  }

  async #call({ id, call }: Extract<ToDriver, { kind: "call" }>): Promise<void> {
    const { port } = this.#modules;
    await this.#parts.changes.call(call).then(
      (result) => port.post({ kind: "called", id, result, error: null }),
      (error: unknown) =>
        port.post({ kind: "called", id, result: null, error: toPortError(error) }),
    );
  }
}
