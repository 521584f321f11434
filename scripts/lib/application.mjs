import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const rotateAtBytes = 10_000_000;
const oneTimeLink = /https?:\/\/\S+\/password\/set\?token=[^\s"\\]+/;

/** One of the two applications as a child: its log goes to a file, what a person should see is handed on. */
export class Application {
  #child;
  #lastWords = [];

  /**
   * @param options  { name, entry, env, logPath, onLink(url), onWarning(text) } onLink: the one-time link for the admin's
   *   password; onWarning: what the start warns of, for the terminal
   */
  constructor({ name, entry, env, logPath, onLink = () => undefined, onWarning = () => undefined }) {
    this.name = name;
    this.logPath = logPath;
    this.onLink = onLink;
    this.onWarning = onWarning;
    mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
    if (existsSync(logPath) && statSync(logPath).size > rotateAtBytes) renameSync(logPath, `${logPath}.1`);
    // A process group of its own: Ctrl-C reaches this script alone, which then ends both in order. Should the script
    // die without doing so, the preloaded module ends the application.
    const preload = pathToFileURL(join(root, 'scripts/lib/end-with-parent.mjs')).href;
    this.#child = spawn(process.execPath, ['--import', preload, join(root, entry)], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    /** Resolves when it accepts requests; never, when it ends before. */
    this.listening = new Promise((resolve) => {
      createInterface(this.#child.stdout).on('line', (line) => {
        this.#take(line);
        if (/\blistening on https?:\/\//.test(line)) resolve();
      });
    });
    createInterface(this.#child.stderr).on('line', (line) => this.#take(line));
    /** Resolves when it has ended, with how: { code, signal }. */
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#take(error.message));
      this.#child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** The end of what it said, for when it dies. */
  get lastWords() {
    return this.#lastWords.join('\n');
  }

  /** Asks it to end; after `graceMilliseconds` it is ended. */
  async end(graceMilliseconds) {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), graceMilliseconds);
    await this.ended;
    clearTimeout(timer);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  #take(line) {
    const link = oneTimeLink.exec(line)?.[0];
    if (link !== undefined) {
      this.onLink(link);
      line = line.replace(oneTimeLink, '(the one-time link, shown on the terminal)'); // it opens an account: not into a log
    }
    const warning = /^warning: (.+)$/.exec(line)?.[1];
    if (warning !== undefined) this.onWarning(warning);
    appendFileSync(this.logPath, `${line}\n`, { mode: 0o600 });
    this.#lastWords = [...this.#lastWords, line].slice(-15);
    const entry = parseLogLine(line);
    if (entry !== undefined && ['error', 'fatal'].includes(entry.level)) {
      console.error(`${this.name}: ${entry.err?.message ?? entry.msg} (more in ${this.logPath})`);
    }
  }
}

/** The applications log by JSON lines. */
function parseLogLine(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
