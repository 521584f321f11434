/** One line on stderr for a step that takes long; on a terminal it counts the seconds. Returns how to end it. */
export function showProgress(sentence) {
  const { stderr } = process;
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  if (!stderr.isTTY) {
    stderr.write(`${sentence} …\n`);
    return { done: () => stderr.write(`  done in ${seconds()}\n`), failed: () => undefined };
  }
  const draw = () => stderr.write(`\r\x1b[K${sentence} … ${seconds()}`);
  draw();
  const timer = setInterval(draw, 1000);
  const end = (text) => {
    clearInterval(timer);
    stderr.write(`\r\x1b[K${sentence}: ${text} after ${seconds()}\n`);
  };
  return { done: () => end('done'), failed: () => end('failed') };
}
