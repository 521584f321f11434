/** Shows a long step in one line on stderr, on a terminal with the elapsed seconds. @returns functions that end the line */
export function showProgress(label) {
  const { stderr } = process;
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  if (!stderr.isTTY) {
    stderr.write(`${label} …\n`);
    return { done: () => stderr.write(`  done in ${seconds()}\n`), failed: () => undefined };
  }
  const draw = () => stderr.write(`\r\x1b[K${label} … ${seconds()}`);
  draw();
  const timer = setInterval(draw, 1000);
  const end = (text) => {
    clearInterval(timer);
    stderr.write(`\r\x1b[K${label}: ${text} after ${seconds()}\n`);
  };
  return { done: () => end('done'), failed: () => end('failed') };
}
