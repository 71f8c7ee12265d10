import type { Store } from "../../manager/store/store.ts";
import type { StoreView } from "../../manager/store/tables.ts";

/** Resolves as soon as `holds` is true of what is committed, now or after a later commit. */
export function storeUntil(store: Store, holds: (view: StoreView) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const off = store.onCommit(() => check());
    const check = (): void => {
      if (!holds(store.view)) return;
      off();
      resolve();
    };
    check();
  });
}
