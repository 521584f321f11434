import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { waitUntil } from '../../chaos/lib/time.mjs';

/** A program in PATH, or where servers are installed. @returns its path; undefined where it is not installed */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Waits for something. @throws with its name when it takes longer than 30 seconds */
export async function waitFor(name, question) {
  await waitUntil(name, question, 30_000);
}

/** @throws with what it said */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 10_000_000, ...options }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim().slice(-2000) || error.message}`));
      else resolve(stdout);
    });
  });
}
