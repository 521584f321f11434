import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const path = join(root, '.prepare.lock');
const maxAgeMilliseconds = 30 * 60 * 1000;

/** Lets one process at a time install and build: `start:provider` and `start:client` may start at the same time. */
export async function withLock(work) {
  let isAnnounced = false;
  while (!acquire()) {
    if (!isAnnounced) process.stderr.write('Waiting for another command that installs or builds in this checkout …\n');
    isAnnounced = true;
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

function acquire() {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    // a link appears with its content; a file that is created and then written could be read empty
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
    if (Date.now() - statSync(path).mtimeMs > maxAgeMilliseconds) return true;
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH'; // EPERM: it runs as another user; ENOENT: just released
  }
}
