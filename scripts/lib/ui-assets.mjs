import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { appLogos, logoSvg } from './app-logos.mjs';
import { Failure } from './failure.mjs';
import { bodyOf, iconBodies, loadIconSet, namedIcons } from './icons.mjs';
import { root } from './root.mjs';

const source = join(root, 'libs/platform/src/ui');
const target = join(root, 'libs/platform/dist/assets');
const stampName = '.inputs';
const builders = ['ui-assets.mjs', 'icons.mjs', 'app-logos.mjs'].map((name) => join(import.meta.dirname, name));
const packages = ['@fontsource-variable/inter', '@iconify-json/lucide', '@iconify-json/simple-icons', 'esbuild'];
const minifiers = ['lightningcss', 'subset-font'];

/** The characters of the Latin subset; `unicode-range` in fonts.css has the same ranges. */
const characters = [
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x131, 0x131],
  [0x152, 0x153],
  [0x2bb, 0x2bc],
  [0x2c6, 0x2c6],
  [0x2da, 0x2da],
  [0x2dc, 0x2dc],
  [0x2010, 0x2027],
  [0x2030, 0x2030],
  [0x2039, 0x203a],
  [0x20ac, 0x20ac],
  [0x2122, 0x2122],
  [0x2190, 0x2193],
  [0x2212, 0x2212],
  [0x2318, 0x2318],
];

/**
 * Builds the assets of the design system that are not in the repository: the style sheet and the script (bundled and minified),
 * the font, the icons that templates use, application logos and the licenses. Does nothing if they are up to date.
 * @throws Failure if a template uses an unknown icon, or a style sheet does not parse
 */
export async function buildUiAssets() {
  const icons = namedIcons();
  const inputs = inputsOf(icons);
  if (isUpToDate(inputs)) return;
  const output = `${target}.new`;
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const write = (name, content) => writeFileSync(join(output, name), content);
  write('icons.json', JSON.stringify(iconBodies(icons)));
  write('gatehouse.css', await styleSheet());
  write('gatehouse.js', await script());
  write('inter-latin.woff2', await font());
  const logos = loadIconSet('simple-icons');
  for (const [name, icon, color] of appLogos) write(`app-${name}.svg`, logoSvg(bodyOf(logos, icon), color));
  for (const name of ['chevron.svg', 'arches.svg']) cpSync(join(source, 'assets', name), join(output, name));
  write('licenses.txt', licenses());
  write(stampName, inputs);
  rmSync(target, { recursive: true, force: true });
  renameSync(output, target);
}

/** Whether the assets are up to date. */
export function areUiAssetsBuilt() {
  return isUpToDate(inputsOf(namedIcons()));
}

function isUpToDate(inputs) {
  const stamp = join(target, stampName);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs;
}

/** A hash of everything that the assets depend on. */
function inputsOf(icons) {
  const hash = createHash('sha256');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of [...packages, ...minifiers]) hash.update(`${name}@${devDependencies[name]}\n`);
  for (const path of [
    ...builders,
    ...['styles', 'scripts', 'assets'].flatMap((folder) => filesIn(join(source, folder))),
  ])
    hash.update(`${basename(path)}\n`).update(readFileSync(path));
  hash.update(JSON.stringify([...icons.keys()]));
  return hash.digest('hex');
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function styleSheet() {
  const { bundle } = await import('lightningcss');
  try {
    return bundle({ filename: join(source, 'styles/index.css'), minify: true }).code;
  } catch (error) {
    const { fileName, loc, message } = error;
    throw new Failure(`${fileName ?? source}:${loc?.line ?? ''}: ${message}`);
  }
}

async function script() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(source, 'scripts/gatehouse.js')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].contents;
}

async function font() {
  const { default: subsetFont } = await import('subset-font');
  const text = characters
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)))
    .join('');
  return subsetFont(
    readFileSync(packageFile('@fontsource-variable/inter', 'files/inter-latin-wght-normal.woff2')),
    text,
    {
      targetFormat: 'woff2',
      variationAxes: { wght: { min: 400, max: 700 } },
    },
  );
}

function licenses() {
  return [
    'Inter (font)\n\n' + readFileSync(packageFile('@fontsource-variable/inter', 'LICENSE'), 'utf8'),
    'Lucide (icons)\n\n' + readFileSync(join(source, 'assets/licenses/lucide.txt'), 'utf8'),
    'Simple Icons (logos of applications): CC0-1.0. The logos are trademarks of their owners.\n',
  ].join(`\n${'='.repeat(72)}\n\n`);
}

function packageFile(name, file) {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return join(manifest, '..', file);
}
