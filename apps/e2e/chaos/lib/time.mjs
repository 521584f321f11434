export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A whole number from `least` to `most`. */
export function between(least, most) {
  return least + Math.floor(Math.random() * (most - least + 1));
}

/** Asks until the answer is true. @throws with what was waited for, when that does not come in time */
export async function waitUntil(what, question, milliseconds, step) {
  if (!(await eventually(question, milliseconds, step))) throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
}

/** Asks until the answer is true. @returns whether that came in time */
export async function eventually(question, milliseconds, step = 50) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    if (await question()) return true;
    if (Date.now() > deadline) return false;
    await pause(step);
  }
}

/** Runs `work` over all items, so many at once. */
export async function each(items, work, atOnce = 16) {
  const queue = [...items];
  const run = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
}
