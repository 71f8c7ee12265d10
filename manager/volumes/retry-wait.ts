/** The wait after a call that failed; doubled by each further failure in a row … */
const RETRY_FIRST_MS = 100;
/** … up to this, as swarm mode does … */
const RETRY_MAX_MS = 600_000;
/** … but a driver that was away, and has not refused anything, is found soon after it is back. */
const AWAY_RETRY_MAX_MS = 10_000;

/** How long to wait after the last of `times` failures in a row. Pure. */
export function retryWaitMs(times: number, isAway: boolean): number {
  return Math.min(isAway ? AWAY_RETRY_MAX_MS : RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (times - 1));
}
