// `npx nx build PROJECT`: compiles a project, given by its folder, with the projects that it references, and removes outputs of
// deleted sources from its `dist`. The build of the platform also builds the UI assets. Nx caches `dist`.
import './lib/node-version.mjs';
import { compile, removeStaleOutputs } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { buildUiAssets } from './lib/ui-assets.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node scripts/build.mjs FOLDER (for example apps/provider)');
  process.exit(2);
}

await runMain(async () => {
  await compile(folder);
  removeStaleOutputs(folder);
  if (folder === 'libs/platform') await buildUiAssets();
});
