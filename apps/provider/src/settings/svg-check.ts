const name = String.raw`[A-Za-z_][\w.:-]*`;
const attribute = String.raw`\s+(${name})\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`;
const openingTag = new RegExp(String.raw`<(${name})((?:${attribute})*)\s*(/?)>`, 'y');
const closingTag = new RegExp(String.raw`</(${name})\s*>`, 'y');
/** Text, comments, the XML declaration and CDATA sections: none of them is interpreted outside of `script`. */
const other = /[^<]+|<!--[\s\S]*?-->|<\?xml\s[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>/y;

/** Elements that run scripts or embed documents (SVG 2 15, 12.5; SVG Tiny 1.2 15). */
const activeElements = new Set([
  'script',
  'foreignobject',
  'iframe',
  'embed',
  'object',
  'audio',
  'video',
  'handler',
  'listener',
  // Animations (SVG Animations 2) can also change where a link leads.
  'animate',
  'animatecolor',
  'animatemotion',
  'animatetransform',
  'discard',
  'set',
]);
const doctype = /^<!doctype\s+(?:[\w.-]+:)?svg\b/i;
const maxDepth = 200;
/** What a style sheet loads (CSS Values 4 4.5, CSS Cascade 5 2); escapes and character references could hide it. */
const styleReference =
  /\burl\((?!\s*(?:["']\s*)?(?:#|data:image\/(?:png|jpeg|webp|gif);base64,))|@import|image-set\(|\bsrc\(|\\|&#/i;

/**
 * `kind`: not an SVG image (SVG 2 5.1); `doctype`: with a document type declaration, which could define entities; `active`: with
 * scripts, animations, event attributes or references to other servers.
 */
export type SvgProblem = 'kind' | 'doctype' | 'active';

/**
 * Checks that an SVG image is a well-formed document that only draws. Pages show it in `<img>`, and it is served with a
 * sandbox, so that a script would not run anyway: the person who uploads one should learn of it.
 */
export function svgProblem(content: Buffer): SvgProblem | undefined {
  const text = decode(content);
  if (text === undefined) return 'kind';
  const open: string[] = [];
  let hasRoot = false;
  /** What the open `style` element contains: comments and CDATA sections could split what is looked for. */
  let style = '';
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    const skipped = match(other);
    if (skipped) {
      if (open.length === 0 && !skipped[0].startsWith('<') && skipped[0].trim() !== '') return 'kind';
      if (localName(open.at(-1) ?? '') === 'style') style += styleText(skipped[0]);
      continue;
    }
    const closing = match(closingTag);
    if (closing) {
      if (open.pop() !== closing[1]) return 'kind';
      if (localName(closing[1] ?? '') === 'style') {
        if (styleReference.test(style)) return 'active';
        style = '';
      }
      continue;
    }
    const opening = match(openingTag);
    if (!opening) return doctype.test(text.slice(at, at + 60)) ? 'doctype' : 'kind';
    const [, tag = '', attributes = ''] = opening;
    if (open.length === 0 && (hasRoot || !isRoot(tag, attributes))) return 'kind';
    hasRoot = true;
    if (isActive(tag, attributes)) return 'active';
    if (!opening[0].endsWith('/>')) open.push(tag);
    if (open.length > maxDepth) return 'kind';
  }
  return hasRoot && open.length === 0 ? undefined : 'kind';
}

/** The text of a part of a document: the content of a CDATA section, and nothing of a comment. */
function styleText(part: string): string {
  if (part.startsWith('<![CDATA[')) return part.slice('<![CDATA['.length, -']]>'.length);
  return part.startsWith('<') ? '' : part;
}

function decode(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

function isRoot(tag: string, attributes: string): boolean {
  return localName(tag) === 'svg' && attributes.includes('http://www.w3.org/2000/svg');
}

function isActive(tag: string, attributes: string): boolean {
  if (activeElements.has(localName(tag))) return true;
  return [...attributes.matchAll(new RegExp(attribute, 'g'))].some(([, each = '', double, single]) => {
    const value = (double ?? single ?? '').trim();
    const attributeName = localName(each);
    // A base address makes `#` a reference to another document (XML Base 3).
    if (attributeName.startsWith('on') || each.toLowerCase() === 'xml:base' || styleReference.test(value)) return true;
    return attributeName === 'href' && !/^(#|data:image\/(png|jpeg|webp|gif);base64,|$)/i.test(value);
  });
}

/** Without the prefix of its namespace. */
function localName(qualified: string): string {
  return qualified.slice(qualified.lastIndexOf(':') + 1).toLowerCase();
}
