/**
 * A small sublist of `items` for which `fails` still holds, by removing ever smaller chunks
 * (Zeller's ddmin). `fails` must hold for `items` itself; it is asked at most `budget` times.
 */
export async function shrinkList<T>(
  items: readonly T[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
  budget: { left: number },
): Promise<readonly T[]> {
  let kept = items;
  let chunks = 2;
  while (kept.length > 0 && budget.left > 0) {
    const size = Math.ceil(kept.length / chunks);
    let reduced: readonly T[] | undefined;
    for (let from = 0; from < kept.length && budget.left > 0; from += size) {
      const candidate = [...kept.slice(0, from), ...kept.slice(from + size)];
      budget.left--;
      if (!(await fails(candidate))) continue;
      reduced = candidate;
      break;
    }
    if (reduced) {
      kept = reduced;
      chunks = Math.max(2, chunks - 1);
    } else if (size === 1) break;
    else chunks = Math.min(kept.length, chunks * 2);
  }
  return kept;
}

/** The smallest number from `min` up, by halving, for which `fails` still holds. */
export async function shrinkNumber(
  start: number,
  min: number,
  fails: (candidate: number) => Promise<boolean>,
  budget: { left: number },
): Promise<number> {
  let high = start;
  let low = min;
  while (low < high && budget.left > 0) {
    const middle = Math.floor((low + high) / 2);
    budget.left--;
    if (await fails(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
