// `npx nx build PROJECT`: compiles a project of the workspace and what it references, given by its folder, and removes
// from its `dist` what was compiled from sources that are gone. The platform's build makes the assets of pages, too. Nx keeps
// `dist` as it is left here.
import './lib/node-version.mjs';
import { compile, removeStaleOutputs } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { buildUiAssets } from './lib/ui-assets.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node scripts/build.mjs FOLDER (apps/provider, for example)');
  process.exit(2);
}

await runMain(async () => {
  await compile(folder);
  removeStaleOutputs(folder);
  if (folder === 'libs/platform') await buildUiAssets();
});
