import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/root.mjs';
import { plainEnvironment } from '../lib/server-process.mjs';
import { apiScope, jwtApi, opaqueApi, password, redirectUri, scope, usernames } from './seed.mjs';
import { makeSide } from './side.mjs';

const paths = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/.well-known/jwks.json',
  token: '/oauth/token',
  introspect: '/oauth/introspect',
  userinfo: '/oauth/userinfo',
  authorize: '/oauth/authorize',
};

/**
 * Gatehouse as built and started for production, with default settings.
 * @param options `databaseUrl`: PostgreSQL (`beside`: its processes); by default SQLite in `folder`
 */
export async function gatehouse({ key, name, folder, databaseUrl, beside, environment = {} }) {
  mkdirSync(folder, { recursive: true });
  const settings = {
    GATEHOUSE_DATABASE_URL: databaseUrl ?? `sqlite:${join(folder, 'provider.sqlite')}`,
    GATEHOUSE_DATA_DIR: folder,
    GATEHOUSE_ADMIN_PASSWORD: randomBytes(24).toString('base64url'),
    ...(databaseUrl === undefined ? {} : { GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url') }),
    ...environment,
  };
  const client = await addClient(settings, 'always');
  const keepingClient = await addClient(settings, 'never');
  for (const [identifier, format] of [
    [jwtApi, 'jwt'],
    [opaqueApi, 'opaque'],
  ])
    await runCommand(settings, [
      'resource',
      'add',
      '--identifier',
      identifier,
      '--name',
      format,
      '--scope',
      apiScope,
      '--token-format',
      format,
    ]);
  for (const username of usernames)
    await runCommand(
      settings,
      [
        'user',
        'add',
        '--username',
        username,
        '--email',
        `${username}@example.org`,
        '--email-verified',
        '--password-stdin',
      ],
      password,
    );
  const createSide = (options) =>
    makeSide({
      key,
      name,
      paths,
      client,
      keepingClient,
      beside,
      cwd: folder,
      command: [join(root, 'apps/provider/dist/main.js')],
      environment: (port) => ({ ...settings, ...options.environment, GATEHOUSE_ISSUER: `http://127.0.0.1:${port}` }),
      logPath: join(folder, 'server.log'),
      ...options.side,
    });
  const side = await createSide({});
  return Object.assign(side, {
    /** Adds a client that reads the administration API. */
    addReader: () =>
      runCommand(settings, [
        'client',
        'add',
        '--name',
        'Reader',
        '--grant-type',
        'client_credentials',
        '--scope',
        'gatehouse:read',
      ]),
    /** Another server on the same database, with this number of processes. */
    withWorkers: (count) =>
      createSide({
        side: { key: `${count}`, name: count === 1 ? '1 process' : `${count} workers`, anywhere: true },
        // All servers together stay below PostgreSQL's 100 connections.
        environment: { GATEHOUSE_WORKERS: String(count), GATEHOUSE_DATABASE_CONNECTIONS: '8' },
      }),
  });
}

async function addClient(settings, rotation) {
  const grants = ['authorization_code', 'refresh_token', 'client_credentials'].flatMap((grant) => [
    '--grant-type',
    grant,
  ]);
  const options = [
    '--name',
    'Benchmark',
    '--redirect-uri',
    redirectUri,
    ...grants,
    '--scope',
    `${scope} ${apiScope}`,
    '--default-scope',
    scope,
    '--id-token-signed-response-alg',
    'ES256',
    '--refresh-token-rotation',
    rotation,
  ];
  const client = await runCommand(settings, ['client', 'add', ...options]);
  return { id: client.client_id, secret: client.client_secret };
}

/** Runs a command of Gatehouse's command line. @returns its JSON output */
export function runCommand(settings, args, input) {
  const program = join(root, 'apps/provider/dist/cli/main.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args, '--json'], {
      env: { ...plainEnvironment(), ...settings },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0 ? resolve(JSON.parse(stdout)) : reject(new Error(`gatehouse ${args.join(' ')}: ${stderr}`)),
    );
    child.stdin.end(input ?? '');
  });
}
