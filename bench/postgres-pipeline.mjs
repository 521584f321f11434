/**
 * Measures a unit of work in one round trip: the statements of a code exchange (consume the code, use the grant, store an access
 * token and a refresh token) as the store sends them, one by one with a plain `pg` client, and with the client's pipeline mode.
 * The variants alternate on one PostgreSQL that flushes each commit.
 * Usage: node bench/postgres-pipeline.mjs [repetitions] [seconds per slice]
 * @see docs/adr/0032-postgres-pipeline.md
 */
import pg from 'pg';
import { openStore } from '@gatehouse/platform/database/open-store';
import { runSteps } from '@gatehouse/platform/database/postgres-pipeline';
import { PostgresUnit } from '@gatehouse/platform/database/postgres-unit';
import { entities, migrations } from '../apps/provider/dist/schema.js';
import { codeStatements } from '../apps/provider/dist/protocol/authorization/authorization-code.statements.js';
import { grantStatements } from '../apps/provider/dist/grants/grant.statements.js';
import { accessTokenStatements, refreshTokenStatements } from '../apps/provider/dist/tokens/token.statements.js';
import { startPostgres } from './lib/postgres.mjs';
import { measureInTurns, printRatios } from './lib/variants.mjs';

const repetitions = Number(process.argv[2] ?? 15);
const seconds = Number(process.argv[3] ?? 0.5);
const rowsPerSlice = Math.ceil(12_000 * seconds);
const hash = Buffer.alloc(32, 1);

/** The changes of a code exchange; `required` must change a row. */
function changesOf(selector) {
  const now = 1_700_000_100;
  const token = [selector, hash, selector, 'client'];
  return [
    { required: true, statement: codeStatements.consume, values: [selector, now] },
    { required: true, statement: grantStatements.use, values: [selector, now, now + 3600] },
    {
      statement: accessTokenStatements.insert,
      values: [...token, 'user', 'openid', now, now + 3600, null, null, null],
    },
    { statement: refreshTokenStatements.insert, values: [...token, 'openid', now, now + 86_400, null] },
  ];
}

const begin = { name: 'bench.begin', text: 'BEGIN' };
const commit = { name: 'bench.commit', text: 'COMMIT' };

function queryOf({ statement, values }) {
  return { name: statement.name, text: statement.postgres, values };
}

/** Fails with a division by zero if the statement changes no row, like the store's statements. */
function failingIfUnchanged({ name, text, values }) {
  return {
    name: `${name}!`,
    text: `WITH changed AS (${text} RETURNING 1) SELECT 1 / count(*) AS changed FROM changed`,
    values,
  };
}

function checkChanged(changes, results) {
  if (changes.some(({ required }, index) => required && results[index].rowCount !== 1))
    throw new Error('no row changed');
}

const variants = [
  {
    name: 'one round trip',
    async unit(client, selector) {
      const unit = new PostgresUnit(() => Promise.resolve(client), undefined, runSteps);
      for (const { required, statement, values } of changesOf(selector))
        if (required) unit.expectChange(statement, ...values);
        else unit.write(statement, ...values);
      unit.end();
      await unit.commit();
      unit.release(false);
    },
  },
  {
    name: 'plain pg',
    async unit(client, selector) {
      const changes = changesOf(selector);
      const results = [];
      await client.query(begin);
      for (const change of changes) results.push(await client.query(queryOf(change)));
      checkChanged(changes, results);
      await client.query(commit);
    },
  },
  {
    // Sends all statements at once: if a required change affects no row, a division by zero makes COMMIT roll back.
    name: 'pg pipeline',
    options: { pipeline: true },
    async unit(client, selector) {
      const changes = changesOf(selector).map((change) =>
        change.required ? failingIfUnchanged(queryOf(change)) : queryOf(change),
      );
      const results = await Promise.all([begin, ...changes, commit].map((query) => client.query(query)));
      if (results.at(-1).command !== 'COMMIT') throw new Error('rolled back');
    },
  },
];

let lastSelector = 0;

/** Inserts codes with their grants. @returns the first selector */
async function addCodes(client) {
  const first = lastSelector + 1;
  lastSelector += rowsPerSlice;
  const range = [first, lastSelector];
  await client.query({
    text: `INSERT INTO grants (selector, client_id, user_id, scope, is_offline, auth_time, amr, created_at, last_used_at, expires_at)
      SELECT n, 'client', 'user', 'openid', 0, 1700000000, '[]', 1700000000, 1700000000, 1700003600 FROM generate_series($1::bigint, $2::bigint) n`,
    values: range,
  });
  await client.query({
    text: `INSERT INTO authorization_codes (selector, verifier_hash, grant_selector, client_id, redirect_uri, redirect_uri_sent, scope, issued_at, expires_at)
      SELECT n, $3, n, 'client', 'https://client.example/', 1, 'openid', 1700000000, 1700000060 FROM generate_series($1::bigint, $2::bigint) n`,
    values: [...range, hash],
  });
  return first;
}

async function openClients(url, count, options) {
  const clients = Array.from({ length: count }, () => new pg.Client({ ...options, connectionString: url }));
  for (const client of clients) {
    client.release = () => undefined;
    await client.connect();
  }
  return clients;
}

/** Runs units on all clients concurrently. @returns wall-clock time and processor time of this process per unit */
async function slice(variant, clients, administration) {
  let selector = await addCodes(administration);
  let units = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < deadline && selector <= lastSelector) {
        await variant.unit(client, selector++);
        units += 1;
      }
    }),
  );
  const elapsed = (performance.now() - startedAt) * 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { elapsed: elapsed / units, cpu: (user + system) / units };
}

const postgres = await startPostgres();
try {
  const store = await openStore({ url: postgres.url, entities, migrations, migrate: 'auto' });
  await store.close();
  const [administration] = await openClients(postgres.url, 1);
  for (const count of [1, 8]) {
    const sides = [];
    for (const variant of variants)
      sides.push({ variant, name: variant.name, clients: await openClients(postgres.url, count, variant.options) });
    const measured = await measureInTurns(sides, repetitions, ({ variant, clients }) =>
      slice(variant, clients, administration),
    );
    printRatios(`${count} connection${count === 1 ? '' : 's'}`, measured, {
      elapsed: 'µs between commits',
      cpu: 'µs of processor time of this process',
    });
    for (const { clients } of sides) for (const client of clients) await client.end();
  }
  await administration.end();
} finally {
  await postgres.stop();
}
