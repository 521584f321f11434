import Handlebars from 'handlebars';
import { escapeHtml } from '../http/form-post-page.js';
import { IntlMessageFormat, type Formats } from 'intl-messageformat';

/** The values for the placeholders of a text. Strings are escaped if the result is HTML. */
export type TextValues = Readonly<Record<string, string | number | undefined>>;

type Chunks = readonly string[];
type Tag = (chunks: Chunks, values: TextValues) => string;

/** The markup that a text may contain. It has no attributes: a URL is passed as a value, so no text can define one. */
const tags: Readonly<Record<string, Tag>> = {
  strong: (chunks) => `<strong>${chunks.join('')}</strong>`,
  code: (chunks) => `<code>${chunks.join('')}</code>`,
  mono: (chunks) => `<strong class="mono">${chunks.join('')}</strong>`,
  /** For screen readers: "End" is clear next to the item that it ends, but not on its own. */
  hidden: (chunks) => `<span class="visually-hidden">${chunks.join('')}</span>`,
  a: (chunks, { href }) => `<a href="${escaped(href ?? '')}">${chunks.join('')}</a>`,
};

export const tagNames: readonly string[] = Object.keys(tags);

/**
 * How a text shows an instant, given in milliseconds since the epoch: `{at, date, day}`. Pages show all times in UTC.
 */
const dateFormats = {
  date: {
    day: { month: 'short', day: 'numeric', timeZone: 'UTC' },
    longDay: { year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' },
    hour: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' },
  },
} as const satisfies Partial<Formats>;

/**
 * The texts of one language by key, in ICU message syntax: `{name}`, `{count, plural, one {…} other {…}}`, and the tags
 * above.
 */
export class Catalogue {
  private readonly plainTexts = new Map<string, IntlMessageFormat>();
  private readonly htmlTexts = new Map<string, IntlMessageFormat>();
  /** Most texts have no placeholders: they are formatted once. */
  private readonly constants = new Map<string, string>();

  /** @param messages complete: texts that a translation lacks are in English */
  constructor(
    /** A BCP 47 tag. */
    readonly language: string,
    private readonly messages: Readonly<Record<string, string>>,
  ) {}

  has(key: string): boolean {
    return Object.hasOwn(this.messages, key);
  }

  /** The text without its markup, for mail and for output that is escaped later. */
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
    const html = this.fillHtml(key, values);
    this.constants.set(key, html);
    return html;
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
    if (message === undefined) throw new RangeError(`The text "${key}" does not exist.`);
    return message;
  }

  private compile(
    into: Map<string, IntlMessageFormat>,
    key: string,
    message: ConstructorParameters<typeof IntlMessageFormat>[0],
  ): IntlMessageFormat {
    const compiled = new IntlMessageFormat(message, this.language, dateFormats);
    into.set(key, compiled);
    return compiled;
  }
}

const withoutMarkup = Object.fromEntries(tagNames.map((name) => [name, (chunks: Chunks) => chunks.join('')]));

/**
 * Numbers are not converted: they select the plural. Another text of the catalogue is HTML already. A value of any other type
 * is escaped, whatever the types promise.
 */
function escaped(value: TextValues[string] | Handlebars.SafeString): string | number | undefined {
  if (value instanceof Handlebars.SafeString) return value.toString();
  return typeof value === 'number' || value === undefined ? value : Handlebars.escapeExpression(value);
}

/** The parsed text with its literals escaped: ICU's quoting (`'<b>'`) makes literals of what looks like tags. */
function escapedText(message: string): Ast {
  const ast = new IntlMessageFormat(message, 'en').getAst();
  escapeLiterals(ast as readonly Element[]);
  return ast;
}

type Ast = ReturnType<IntlMessageFormat['getAst']>;

function escapeLiterals(elements: readonly Element[]): void {
  for (const element of elements) {
    if (element.type === literal) element.value = escapeHtml(String(element.value));
    if (element.children) escapeLiterals(element.children);
    for (const option of Object.values(element.options ?? {})) escapeLiterals(option.value);
  }
}

/** The placeholders and tags of a text: a translation may only use those of the English text. */
export function placeholdersOf(message: string): ReadonlySet<string> {
  const placeholders = new Set<string>();
  collect(new IntlMessageFormat(message, 'en').getAst() as readonly Element[], placeholders);
  return placeholders;
}

/** An element of the parser: tags and placeholders have a `value` that names them, and may have child elements. */
interface Element {
  readonly type: number;
  value: unknown;
  readonly children?: readonly Element[];
  readonly options?: Readonly<Record<string, { readonly value: readonly Element[] }>>;
}

/** Values of TYPE in @formatjs/icu-messageformat-parser. */
const literal = 0;
const pound = 7;
const tag = 8;

function collect(elements: readonly Element[], placeholders: Set<string>): void {
  for (const { type, value, children, options } of elements) {
    if (type !== literal && type !== pound)
      placeholders.add(type === tag ? `<${String(value)}>` : `{${String(value)}}`);
    if (children) collect(children, placeholders);
    for (const option of Object.values(options ?? {})) collect(option.value, placeholders);
  }
}
