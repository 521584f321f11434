import { stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { isLoopbackHost } from '@gatehouse/domain/oauth';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { AuditChain } from '../audit/audit-chain.service.js';
import { keyFileOf, type Settings } from '../config/settings.js';
import { routes } from '../http/routes.js';
import { keyKindNames } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';
import { Outbox } from '../outbox/outbox.service.js';
import { UsersService } from '../users/users.service.js';
import { table, type Command } from './command.js';

/** What one look found. `mend`: it will not work, or not safely; `care`: it works, and somebody should know. */
interface Finding {
  readonly state: 'ok' | 'care' | 'mend';
  /** What is there, and what to do where something is to be done. */
  readonly says: string;
}

interface Patient {
  readonly app: INestApplicationContext;
  readonly settings: Settings;
  readonly now: EpochSeconds;
}

const ok = (says: string): Finding => ({ state: 'ok', says });
const care = (says: string): Finding => ({ state: 'care', says });
const mend = (says: string): Finding => ({ state: 'mend', says });

const reachMilliseconds = 5_000;
const leastFreeBytes = 512 * 1024 * 1024;

/** Each look by its name; one that throws is itself something to mend. */
const looks: Readonly<Record<string, (patient: Patient) => Promise<Finding> | Finding>> = {
  issuer: ({ settings }) => {
    const { protocol, hostname } = new URL(settings.issuer);
    if (protocol === 'https:') return ok(`${settings.issuer} is https`);
    return isLoopbackHost(hostname)
      ? care(`${settings.issuer} is for this computer alone: for others set GATEHOUSE_ISSUER to an https address`)
      : mend(`${settings.issuer} is http: passwords and tokens go over the network in the clear. Serve https`);
  },
  proxy: ({ settings }) => {
    if (settings.tls !== undefined || !settings.issuer.startsWith('https:'))
      return ok('the provider is asked directly');
    return !settings.trustedProxies.isEmpty
      ? ok('https comes from a proxy whose addresses are known')
      : mend(
          'the issuer is https and no certificate is set, so a proxy stands in front: name its network in GATEHOUSE_TRUSTED_PROXIES, or everybody counts as one address',
        );
  },
  answer: async ({ settings }) => {
    const url = settings.issuer + routes.openidConfiguration;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(reachMilliseconds), redirect: 'manual' });
      const { issuer } = (await answer.json()) as { issuer?: unknown };
      return issuer === settings.issuer
        ? ok(`${url} answers`)
        : mend(`${url} answers for another issuer: ${JSON.stringify(issuer).slice(0, 200)}`);
    } catch (error) {
      return care(`${url} does not answer from here (${reasonOf(error)}): is the provider running?`);
    }
  },
  administrator: async ({ app }) => {
    const admin = await app.get(UsersService).findAdmin();
    if (!admin) return mend('there is no administrator: user add --username U --role admin --password-stdin');
    return admin.hasPassword
      ? ok(`${admin.username} can log in`)
      : care(`${admin.username} has no password yet: user link --username ${admin.username}`);
  },
  keys: async ({ app, settings, now }) => {
    // Listing opens them: it fails where the secret key is not the one that sealed them.
    const keys = await app.get(KeysService).list();
    const missing = keyKindNames.filter((kind) => !keys.some((key) => key.kind === kind));
    if (missing.length > 0)
      return mend(`there is no key for ${missing.join(', ')}: start the provider once, or keys rotate`);
    const old = keyKindNames.filter((kind) => {
      const newest = keys.filter((key) => key.kind === kind).at(-1);
      return newest !== undefined && addSeconds(newest.signsFrom, settings.keySignSeconds) < now;
    });
    return old.length === 0
      ? ok(`${keys.length} keys open with the secret key`)
      : care(`too old: ${old.join(', ')}. A running provider replaces them, or keys rotate`);
  },
  'secret key': async ({ settings }) => {
    const file = keyFileOf(settings);
    if (settings.secretKeys !== undefined || file === undefined) return ok('it is given by the settings');
    const { mode } = await stat(file);
    return (mode & 0o077) === 0
      ? ok(`${file} is readable by its owner alone; a backup needs it`)
      : mend(`${file} can be read by others: chmod 600`);
  },
  disk: async ({ settings }) => {
    const file = keyFileOf(settings);
    const folder = file === undefined ? settings.dataDir : dirname(file);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const shown = `${Math.floor(free / 1024 / 1024)} MiB are free at ${folder}`;
    return free < leastFreeBytes ? mend(`${shown}: make room`) : ok(shown);
  },
  mail: async ({ app, settings }) => {
    const { waiting, failed } = await app.get(Outbox).backlog();
    const queue = `${waiting} messages wait, ${failed} were given up`;
    if (settings.smtpUrl === undefined)
      return care(`there is no GATEHOUSE_SMTP_URL: mail is written to a folder that nobody reads (${queue})`);
    const { hostname, port, protocol } = new URL(settings.smtpUrl);
    const problem = await reach(hostname, Number(port) || (protocol === 'smtps:' ? 465 : 587));
    if (problem !== undefined) return mend(`the mail server cannot be reached (${problem})`);
    return failed > 0 ? care(`${queue}: outbox list --failed says why`) : ok(queue);
  },
  'audit log': async ({ app }) => {
    const { problem, events, unsealed } = await app.get(AuditChain).verify();
    return problem === undefined
      ? ok(`${events} events are as they were written, ${unsealed} are not sealed yet`)
      : mend(problem);
  },
};

/** Checks a set-up, and says what to mend. */
export const doctor: Command = {
  name: 'doctor',
  options: {},
  run: async ({ app, settings, now }) => {
    const findings: { check: string; state: Finding['state']; says: string }[] = [];
    for (const [check, look] of Object.entries(looks))
      findings.push({ check, ...(await looked(look, { app, settings, now })) });
    const bad = findings.filter(({ state }) => state === 'mend').length;
    return {
      json: { findings, to_mend: bad },
      text: table(
        ['CHECK', 'STATE', 'WHAT'],
        findings.map(({ check, state, says }) => [check, state, says]),
      ),
      exitCode: bad > 0 ? 1 : 0,
    };
  },
};

async function looked(look: (patient: Patient) => Promise<Finding> | Finding, patient: Patient): Promise<Finding> {
  try {
    return await look(patient);
  } catch (error) {
    return mend(reasonOf(error));
  }
}

/** Undefined where something listens there. */
function reach(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: reachMilliseconds });
    const done = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => done());
    socket.once('timeout', () => done('it does not answer'));
    socket.once('error', (error) => done(reasonOf(error)));
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
