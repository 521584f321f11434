import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { capture } from '../../../scripts/lib/command.mjs';
import { Failure } from '../../../scripts/lib/failure.mjs';
import { end, serve, startPostgres, systemPostgres } from '../../../scripts/lib/postgres.mjs';
import { Audit } from '../chaos/lib/audit.mjs';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { Load } from '../chaos/lib/load.mjs';
import { peopleOf } from '../chaos/lib/people.mjs';
import { Provider } from '../chaos/lib/provider.mjs';
import { eventually, pause, waitUntil } from '../chaos/lib/time.mjs';

const requests = 150;

/** The procedure of docs/operations.md, "Point-in-time recovery (PostgreSQL)", with sign-ins and refreshes under way. */
export async function pointInTime(report) {
  const archive = join(temporaryFolder(), 'archive');
  mkdirSync(archive, { mode: 0o777 });
  const server = await startArchiving(archive);
  const recovered = {};
  try {
    await recoverUnderLoad(report, { server, archive, recovered });
  } finally {
    if (recovered.process) await end(recovered.process, 'SIGINT');
    await server.stop();
  }
}

/** @param recovered gets the process of the recovered server as soon as it is started */
async function recoverUnderLoad(report, { server, archive, recovered }) {
  giveTo(server.identity, archive, join(archive, '..'));
  const base = join(server.folder, 'base');
  const provider = await Provider.create({
    GATEHOUSE_DATABASE_URL: server.url,
    GATEHOUSE_DATA_DIR: temporaryFolder(),
    GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  const [victim, thief, ...people] = await peopleOf(provider, 7);
  const audit = new Audit(provider);
  const load = new Load(people);

  load.begin();
  await waitForResponses(load, requests);
  await baseBackup(server, base);
  await waitForResponses(load, load.requests.answered + requests);
  await load.end();
  const before = load.takeLedger();
  const held = await Promise.all([victim, thief].map((person) => tokensOf(person)));
  await pause(1_100);
  const [{ moment }] = await query(server.url, 'SELECT now()::text AS moment');
  await pause(1_100);

  const lost = await whatIsLost({ provider, people, victim, thief, held });
  await query(server.url, 'UPDATE users SET password_hash = NULL'); // what somebody must undo
  const events = await exported(provider, moment);
  await provider.end('SIGTERM');
  await query(server.url, 'SELECT pg_switch_wal()');
  await waitUntil('the log is archived', async () => (await unarchived(server.url)) === 0, 30_000);
  await server.halt('SIGINT');

  recovered.process = await startRecovery(server, { base, archive, moment });
  const promoted = await eventually(
    async () => (await query(server.url, 'SELECT pg_is_in_recovery() AS waits'))[0].waits === false,
    60_000,
  );
  report.check('PostgreSQL recovers to the moment and promotes itself', promoted, moment);
  await again(report, { provider, thief, held, events });
  await audit.nothingIsMissing(before.chains, [...before.sessions, ...people, victim]);
  await audit.nothingComesBack(before.chains);
  audit.print(report);
  const gone = await provider.refresh(lost.refreshToken);
  report.check('what was answered after the moment is gone', gone.status === 400, `${gone.status}`);
  const verified = await exits(provider, ['audit', 'verify']);
  report.check('the audit log is whole', verified.status === 0, verified.stdout.trim());
  const after = new Load(people);
  after.begin();
  await waitForResponses(after, requests);
  await after.end();
  report.all('no answer but the right one afterwards', after.requests.answered, after.faults);
  report.check('it ends with 0', (await provider.stop()).code === 0);
}

function waitForResponses(load, count) {
  return waitUntil(`${count} responses under load`, () => load.requests.answered >= count, 120_000);
}

function startArchiving(archive) {
  return startPostgres({
    native: systemPostgres(),
    durable: true,
    settings: {
      wal_level: 'replica',
      archive_mode: 'on',
      archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
    },
  });
}

/** PostgreSQL may run as another user than this program. */
function giveTo({ uid, gid }, ...paths) {
  if (uid !== undefined) for (const path of paths) chownSync(path, uid, gid);
}

async function baseBackup({ native, url, identity }, base) {
  const words = ['--pgdata', base, '--dbname', url, '--checkpoint', 'fast', '--wal-method', 'none', '--no-password'];
  const { status, stderr } = await capture(join(native, 'bin/pg_basebackup'), words, identity);
  if (status !== 0) throw new Failure(`pg_basebackup failed: ${stderr.trim()}`);
}

/** Starts a server on the base backup, which takes the log from the archive up to the moment. */
async function startRecovery({ native, identity, url }, { base, archive, moment }) {
  appendFileSync(
    join(base, 'postgresql.auto.conf'),
    [
      `restore_command = 'cp ${archive}/%f %p'`,
      `recovery_target_time = '${moment}'`,
      `recovery_target_action = 'promote'`,
      '',
    ].join('\n'),
  );
  const signal = join(base, 'recovery.signal');
  writeFileSync(signal, '');
  giveTo(identity, signal);
  const port = new URL(url).port;
  return serve(join(native, 'bin/postgres'), { data: base, port, identity, durable: true });
}

/** What is done between the moment and the accident: a token is revoked, an account disabled, and people sign in. */
async function whatIsLost({ provider, people, victim, thief, held }) {
  const [, stolen] = held;
  await provider.asClient('/oauth/revoke', { token: stolen });
  await provider.command(['user', 'disable', '--username', thief.username, '--json']);
  const refreshToken = await tokensOf(people[0]);
  await victim.another().logIn();
  return { refreshToken };
}

async function tokensOf(person) {
  const chain = await person.authorize();
  await chain.redeem();
  return chain.refreshToken;
}

/** Starts Gatehouse where nobody else reaches it, and ends again what had ended after the moment. */
async function again(report, { provider, thief, held, events }) {
  await provider.start();
  const [kept, stolen] = held;
  const types = events.map(({ type }) => type);
  report.check(
    'the audit log of the damaged database names what was ended after the moment',
    types.includes('user.disabled') && types.includes('token.revoked'),
    `${events.length} events`,
  );
  const { status } = await provider.http.send('/readyz');
  report.check('Gatehouse starts on it and is ready', status === 200, `${status}`);
  report.check('what was held at the moment works', (await provider.refresh(kept)).status === 200);
  const disabled = events.filter(({ type }) => type === 'user.disabled').map(({ subject_id: id }) => id);
  report.check('the account that was disabled after the moment is enabled again', await signsIn(thief));
  const { users } = await provider.command(['user', 'list', '--json']);
  for (const { username } of users.filter(({ id }) => disabled.includes(id)))
    await provider.command(['user', 'disable', '--username', username, '--json']);
  report.check('until it is disabled again', !(await signsIn(thief)));
  report.check('with what it held', (await provider.refresh(stolen)).status === 400);
}

async function signsIn(person) {
  return person
    .another()
    .logIn()
    .then(
      () => true,
      () => false,
    );
}

async function exported(provider, moment) {
  const { stdout } = await exits(provider, ['audit', 'export', '--since', new Date(moment).toISOString()]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Runs a command whose output is not one JSON object. */
function exits(provider, words) {
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', ...provider.environment };
  return capture(process.execPath, [provider.release.command, ...words], { env });
}

async function unarchived(url) {
  const [{ waiting }] = await query(
    url,
    `SELECT count(*)::int AS waiting FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`,
  );
  return waiting;
}

async function query(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
