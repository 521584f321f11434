import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../chaos/lib/folder.mjs';
import { findProgram, run } from './lib/command.mjs';
import { providerForPeer } from './lib/client.mjs';
import { runPeer } from './lib/program.mjs';
import { Skipped } from './lib/skipped.mjs';

/** A relying party in Go, on coreos/go-oidc and golang.org/x/oauth2. */
export async function goRelyingParty(report) {
  const go = findProgram('go');
  if (go === undefined) throw new Skipped('Go is not installed (https://go.dev)');
  const folder = temporaryFolder();
  cpSync(fileURLToPath(new URL('go', import.meta.url)), folder, { recursive: true });
  const program = join(folder, 'relying-party');
  const GOMODCACHE = join(folder, 'modules');
  // Read-only files would stay when the folder goes.
  const env = { ...process.env, GOMODCACHE, GOFLAGS: '-modcacherw -mod=readonly', GOTOOLCHAIN: 'local' };
  await run(go, ['build', '-o', program, '.'], { cwd: folder, env });
  const { provider, visitor, env: told } = await providerForPeer();
  await runPeer(report, { program, env: told, visitor });
  await provider.stop();
}
