import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';

/** SVG content by name, of the icons that templates name (scripts/lib/icons.mjs). */
let bodies: ReadonlyMap<string, string> | undefined;

/** Icons that point in the direction of reading are mirrored in right-to-left text. */
const DIRECTIONAL = /^(arrow|chevron)-(left|right)$|^(log-in|log-out|send|external-link|arrow-up-right)$/;

/**
 * An icon as SVG, hidden from screen readers: the text beside it, or the name of its button, says what it means.
 * @throws RangeError when the build has not found the name in a template
 */
export function iconSvg(name: string, className = ''): Handlebars.SafeString {
  bodies ??= readBodies();
  const body = bodies.get(name);
  if (body === undefined) throw new RangeError(`there is no icon "${name}": name it in a template and build`);
  const classes = ['icon', DIRECTIONAL.test(name) ? 'icon-flip' : '', className]
    .filter((each) => each !== '')
    .join(' ');
  return new Handlebars.SafeString(
    `<svg class="${Handlebars.escapeExpression(classes)}" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">${body}</svg>`,
  );
}

function readBodies(): ReadonlyMap<string, string> {
  const file = new URL('../../dist/assets/icons.json', import.meta.url);
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>));
}
