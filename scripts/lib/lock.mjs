import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const path = join(root, '.prepare.lock');
const oldestMilliseconds = 30 * 60 * 1000;

/** Lets one process at a time install and build: `start:provider` and `start:client` may begin together. */
export async function withLock(work) {
  let said = false;
  while (!take()) {
    if (!said) process.stderr.write('Another command is installing or building here; waiting for it …\n');
    said = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function take() {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    // a link appears with its content; a file that is created and then written would be seen empty
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isStale()) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function isStale() {
  try {
    if (Date.now() - statSync(path).mtimeMs > oldestMilliseconds) return true;
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH'; // EPERM: it lives, as another user; ENOENT: given back just now
  }
}
