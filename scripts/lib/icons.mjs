import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';

/** Folders of the templates and view models that name icons. */
const sources = ['libs/platform/src/ui/views', 'apps/provider/src', 'apps/client/src'];

/** `{{icon "key"}}` and `icon="key"` in a template; `icon: 'key'` in a view model. */
const iconPatterns = { '.hbs': /\bicon[= ]"([a-z0-9-]+)"/g, '.ts': /\bicon: '([a-z0-9-]+)'/g };

/** The icons that templates and view models name: name -> the file that names it. */
export function namedIcons() {
  const names = new Map();
  for (const path of sources.flatMap((folder) => filesIn(join(root, folder)))) {
    const pattern = iconPatterns[path.slice(path.lastIndexOf('.'))];
    for (const [, name] of readFileSync(path, 'utf8').matchAll(pattern)) names.set(name, relative(root, path));
  }
  return new Map([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.hbs') || (name.endsWith('.ts') && !name.endsWith('.spec.ts')))
    .map((name) => join(folder, name));
}

/**
 * The content of the SVG elements, by name. The style sheet sets stroke color and width.
 * @param {Map<string, string>} names  see namedIcons
 * @throws Failure listing unknown names
 */
export function iconBodies(names) {
  const set = loadIconSet('lucide');
  const unknown = [...names].filter(([name]) => bodyOf(set, name) === undefined);
  if (unknown.length > 0) {
    const lines = unknown.map(([name, path]) => `  ${path}: there is no icon "${name}"`);
    throw new Failure(`${lines.join('\n')}\nIcons are listed at https://lucide.dev/icons.`);
  }
  return Object.fromEntries(
    [...names.keys()].map((name) => [name, bodyOf(set, name).replace(/^<g [^>]*>|<\/g>$/g, '')]),
  );
}

/** Loads an Iconify icon set. */
export function loadIconSet(name) {
  const path = createRequire(import.meta.url).resolve(`@iconify-json/${name}/icons.json`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The icon's SVG content, by name or alias. */
export function bodyOf(set, name) {
  return set.icons[name]?.body ?? (set.aliases?.[name] && bodyOf(set, set.aliases[name].parent));
}
