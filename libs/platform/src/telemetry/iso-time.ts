let second = -1;
/** The formatted second: `2026-11-25T02:14:14.` */
let written = '';

const thousandths = Array.from({ length: 1000 }, (_, index) => `${String(index).padStart(3, '0')}Z`);

/** Formats an instant like `Date.prototype.toISOString`; caches the part that changes only once a second. */
export function isoTime(milliseconds: number = Date.now()): string {
  const now = Math.floor(milliseconds / 1000);
  if (now !== second) {
    written = new Date(now * 1000).toISOString().slice(0, -4);
    second = now;
  }
  return written + (thousandths[milliseconds - now * 1000] ?? '000Z');
}
