let second = -1;
/** `2026-11-25T02:14:14.` of that second. */
let written = '';

const thousandths = Array.from({ length: 1000 }, (_, index) => `${String(index).padStart(3, '0')}Z`);

/** The instant as `Date.prototype.toISOString` writes it; most of the text is made once a second, for every line has it. */
export function isoTime(milliseconds: number = Date.now()): string {
  const now = Math.floor(milliseconds / 1000);
  if (now !== second) {
    written = new Date(now * 1000).toISOString().slice(0, -4);
    second = now;
  }
  return written + (thousandths[milliseconds - now * 1000] ?? '000Z');
}
