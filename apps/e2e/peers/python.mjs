import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { providerForPeer } from './lib/client.mjs';
import { findProgram, run } from './lib/command.mjs';
import { runPeer } from './lib/program.mjs';
import { Skipped } from './lib/skipped.mjs';

const sources = fileURLToPath(new URL('python/', import.meta.url));
const audience = 'https://stock.example/';
// The folder of the sources stays as it is.
const pythonSettings = { PYTHONDONTWRITEBYTECODE: '1' };
let installed;

/** A relying party in Python, on Authlib. */
export async function pythonRelyingParty(report) {
  const program = await installedPython();
  const { provider, visitor, env } = await providerForPeer();
  await runPeer(report, {
    program,
    args: [join(sources, 'relying_party.py')],
    env: { ...env, ...pythonSettings, AUTHLIB_INSECURE_TRANSPORT: '1' },
    visitor,
  });
  await provider.stop();
}

/** A resource server in Python, on PyJWT. */
export async function pythonResourceServer(report) {
  const program = await installedPython();
  const { provider, visitor, env } = await providerForPeer();
  const api = await provider.command([
    ...['resource', 'add', '--identifier', audience, '--scope', 'stock', '--credentials', '--json'],
  ]);
  const tokens = await visitor.tokens({ scope: 'openid offline_access stock', resource: audience });
  await runPeer(report, {
    program,
    args: [join(sources, 'resource_server.py')],
    env: {
      ...env,
      ...pythonSettings,
      AUDIENCE: audience,
      API_ID: api.client_id,
      API_SECRET: api.client_secret,
      ACCESS_TOKEN: tokens.access_token,
      ID_TOKEN: tokens.id_token,
      REFRESH_TOKEN: tokens.refresh_token,
    },
    visitor,
  });
  await provider.stop();
}

/** A virtual environment with the versions of requirements.txt, made once. @returns its Python */
function installedPython() {
  installed ??= install();
  return installed;
}

async function install() {
  const python = findProgram('python3');
  if (python === undefined) throw new Skipped('Python 3 is not installed (apt-get install python3-venv)');
  const folder = temporaryFolder();
  try {
    await run(python, ['-m', 'venv', folder]);
  } catch (error) {
    throw new Skipped(`Python cannot make virtual environments (apt-get install python3-venv): ${error.message}`);
  }
  const program = join(folder, 'bin/python');
  await run(program, ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', join(sources, 'requirements.txt')]);
  return program;
}
