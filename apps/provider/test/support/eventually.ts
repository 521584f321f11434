/**
 * Asks until the answer is as wanted, and gives the last one: for what a process caches and drops within a second of a
 * change. It waits longer than that, because a loaded machine's timers are late.
 */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 4000;
  let answer = await ask();
  while (!isWanted(answer) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await ask();
  }
  return answer;
}
