import Handlebars from 'handlebars';
import { IntlMessageFormat } from 'intl-messageformat';

/** What fills the places of a text. Text of people is escaped where the result is HTML. */
export type TextValues = Readonly<Record<string, string | number | undefined>>;

type Chunks = readonly string[];
type Tag = (chunks: Chunks, values: TextValues) => string;

/** The markup that a text may have. It has no attributes: an address comes with the values, so no text can bring one. */
const tags: Readonly<Record<string, Tag>> = {
  strong: (chunks) => `<strong>${chunks.join('')}</strong>`,
  code: (chunks) => `<code>${chunks.join('')}</code>`,
  mono: (chunks) => `<strong class="mono">${chunks.join('')}</strong>`,
  /** For those who hear the page: "End" says enough beside what it ends, and not alone. */
  hidden: (chunks) => `<span class="visually-hidden">${chunks.join('')}</span>`,
  a: (chunks, { href }) => `<a href="${escaped(href ?? '')}">${chunks.join('')}</a>`,
};

export const tagNames: readonly string[] = Object.keys(tags);

/**
 * The texts of one language by their keys, each in ICU's message syntax: `{name}`, `{count, plural, one {…} other {…}}`,
 * and the tags above.
 */
export class Catalogue {
  private readonly plainTexts = new Map<string, IntlMessageFormat>();
  private readonly htmlTexts = new Map<string, IntlMessageFormat>();
  /** Most texts have no places: they are made once. */
  private readonly constants = new Map<string, string>();

  /** @param messages complete: what a translation lacks is there in English */
  constructor(
    /** A tag of BCP 47. */
    readonly language: string,
    private readonly messages: Readonly<Record<string, string>>,
  ) {}

  has(key: string): boolean {
    return Object.hasOwn(this.messages, key);
  }

  /** The text without its markup: for mail, and for whatever is escaped later. */
  plain(key: string, values: TextValues = {}): string {
    const message = (this.plainTexts.get(key) ?? this.compile(this.plainTexts, key, this.message(key))).format({
      ...values,
      ...withoutMarkup,
    });
    return String(message);
  }

  /** The text as HTML, safe as content and within a quoted attribute. */
  html(key: string, values: TextValues = {}): string {
    if (Object.keys(values).length > 0) return this.fillHtml(key, values);
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const made = this.fillHtml(key, values);
    this.constants.set(key, made);
    return made;
  }

  private fillHtml(key: string, values: TextValues): string {
    const message = this.htmlTexts.get(key) ?? this.compile(this.htmlTexts, key, escapedText(this.message(key)));
    const filled: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(values)) filled[name] = escaped(value);
    for (const [name, tag] of Object.entries(tags)) filled[name] = (chunks: Chunks) => tag(chunks, values);
    return String(message.format(filled as never));
  }

  private message(key: string): string {
    const message = this.has(key) ? this.messages[key] : undefined;
    if (message === undefined) throw new RangeError(`there is no text "${key}"`);
    return message;
  }

  private compile(into: Map<string, IntlMessageFormat>, key: string, message: string): IntlMessageFormat {
    const compiled = new IntlMessageFormat(message, this.language);
    into.set(key, compiled);
    return compiled;
  }
}

const withoutMarkup = Object.fromEntries(tagNames.map((name) => [name, (chunks: Chunks) => chunks.join('')]));

/** Numbers stay: they choose the plural. */
function escaped(value: string | number | undefined): string | number | undefined {
  return typeof value === 'string' ? Handlebars.escapeExpression(value) : value;
}

/** What a text says itself; `<` and `>` are its tags'. */
function escapedText(message: string): string {
  return message.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}

/** The places and tags of a text: a translation may use no others than the English one. */
export function placesOf(message: string): ReadonlySet<string> {
  const places = new Set<string>();
  collect(new IntlMessageFormat(message, 'en').getAst() as readonly Element[], places);
  return places;
}

/** What the parser makes: tags and places alike have a `value` that names them, and parts of their own. */
interface Element {
  readonly type: number;
  readonly value: unknown;
  readonly children?: readonly Element[];
  readonly options?: Readonly<Record<string, { readonly value: readonly Element[] }>>;
}

/** TYPE of @formatjs/icu-messageformat-parser. */
const literal = 0;
const pound = 7;
const tag = 8;

function collect(elements: readonly Element[], places: Set<string>): void {
  for (const { type, value, children, options } of elements) {
    if (type !== literal && type !== pound) places.add(type === tag ? `<${String(value)}>` : `{${String(value)}}`);
    if (children) collect(children, places);
    for (const option of Object.values(options ?? {})) collect(option.value, places);
  }
}
