import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './root.mjs';

/** populate(), addEnded() and examine() of apps/provider/test/fixtures/previous-release. */
export async function loadContent() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-content-'));
  try {
    const outfile = join(folder, 'content.mjs');
    await build({
      entryPoints: [join(root, 'apps/provider/test/fixtures/previous-release/index.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
