/** Reports progress on stderr: in one changing line on a terminal, otherwise in separate lines. */
export function showSteps(total) {
  const { stderr } = process;
  const startedAt = Date.now();
  let done = 0;
  return {
    step(label) {
      const left =
        done < 3 ? '' : `, about ${Math.ceil(((Date.now() - startedAt) / done) * ((total - done) / 1000))} s left`;
      done++;
      const line = `[${done}/${total}] ${label}${left}`;
      stderr.write(stderr.isTTY ? `\r\x1b[K${line.slice(0, (stderr.columns ?? 80) - 1)}` : `${line}\n`);
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}
