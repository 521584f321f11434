import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const rotateAtBytes = 10_000_000;
const oneTimeLink = /https?:\/\/\S+\/password\/set\?token=[^\s"\\]+/;

/** One of the two applications as a child process. Its log is written to a file; links and warnings are passed to callbacks. */
export class Application {
  #child;
  #lastLines = [];

  /**
   * @param options  { name, entry, env, logPath, onLink(url), onWarning(text) } onLink: receives the one-time link for the
   *   administrator's password; onWarning: receives each warning of the start
   */
  constructor({ name, entry, env, logPath, onLink = () => undefined, onWarning = () => undefined }) {
    this.name = name;
    this.logPath = logPath;
    this.onLink = onLink;
    this.onWarning = onWarning;
    mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
    if (existsSync(logPath) && statSync(logPath).size > rotateAtBytes) renameSync(logPath, `${logPath}.1`);
    // In its own process group, so that Ctrl-C reaches only this script, which then stops both applications gracefully. If the
    // script is killed, the preloaded module stops the application.
    const preload = pathToFileURL(join(root, 'scripts/lib/end-with-parent.mjs')).href;
    this.#child = spawn(process.execPath, ['--import', preload, join(root, entry)], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    /** Resolves when the application accepts requests; stays pending if it exits before. */
    this.listening = new Promise((resolve) => {
      createInterface(this.#child.stdout).on('line', (line) => {
        this.#processLine(line);
        if (/\blistening on https?:\/\//.test(line)) resolve();
      });
    });
    createInterface(this.#child.stderr).on('line', (line) => this.#processLine(line));
    /** Resolves with { code, signal } when the application has exited. */
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#processLine(error.message));
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** The last lines of its output, for error messages. */
  get lastWords() {
    return this.#lastLines.join('\n');
  }

  /** Sends SIGTERM, and SIGKILL after `graceMilliseconds`. */
  async end(graceMilliseconds) {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMilliseconds);
    await this.ended;
    clearTimeout(timer);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  #processLine(line) {
    const link = oneTimeLink.exec(line)?.[0];
    if (link !== undefined) {
      this.onLink(link);
      line = line.replace(oneTimeLink, '(one-time link, shown on the terminal)'); // it gives access to an account, so it is not logged
    }
    const warning = /^warning: (.+)$/.exec(line)?.[1];
    if (warning !== undefined) this.onWarning(warning);
    appendFileSync(this.logPath, `${line}\n`, { mode: 0o600 });
    this.#lastLines = [...this.#lastLines, line].slice(-15);
    const entry = parseLogLine(line);
    if (entry !== undefined && ['error', 'fatal'].includes(entry.level)) {
      console.error(`${this.name}: ${entry.err?.message ?? entry.msg} (see ${this.logPath})`);
    }
  }
}

/** The applications log in JSON, one object per line. */
function parseLogLine(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
