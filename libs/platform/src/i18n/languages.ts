import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltInTexts, Texts } from './built-in-texts.js';
import { Catalogue, placeholdersOf } from './catalogue.js';

const maxFileBytes = 1_000_000;
/** Browsers send a few ranges; the rest is ignored. */
const maxHeaderCharacters = 300;
const maxRanges = 20;

export interface LanguagesOptions {
  readonly builtIn: BuiltInTexts;
  /** The folder of the installation's own texts (`GATEHOUSE_TEXTS`). */
  readonly textsFolder?: string | undefined;
  /** A BCP 47 tag: the default (`GATEHOUSE_LANGUAGE`). */
  readonly language: string;
}

/** The languages of pages and mail: those that the application ships with, and those that the installation has files for. */
export class Languages {
  private readonly catalogues: ReadonlyMap<string, Catalogue>;
  /** The default, if no requested language is available. */
  readonly fallback: Catalogue;

  /**
   * Reads the folder of texts: `fr.json` adds French; `en.json` and `de.json` replace some or all of the built-in texts.
   * @throws Error that lists every invalid text, which aborts the start
   */
  constructor({ builtIn, textsFolder, language }: LanguagesOptions) {
    const custom = textsFolder === undefined ? new Map<string, Texts>() : readFolder(textsFolder, builtIn.english);
    const english = { ...builtIn.english, ...custom.get('en') };
    const tags = [...new Set([...builtIn.byLanguage.keys(), ...custom.keys()])];
    this.catalogues = new Map(
      tags.map((tag) => [
        tag.toLowerCase(),
        new Catalogue(tag, { ...english, ...builtIn.byLanguage.get(tag), ...custom.get(tag) }),
      ]),
    );
    const usual = this.catalogues.get(language.toLowerCase());
    if (!usual)
      throw new Error(`GATEHOUSE_LANGUAGE: ${language} is not available (available: ${this.tags.join(', ')})`);
    this.fallback = usual;
  }

  /** BCP 47 tags, for `ui_locales_supported`. */
  get tags(): readonly string[] {
    return [...this.catalogues.values()].map(({ language }) => language);
  }

  /** The name of the language in itself: Deutsch. */
  nameOf(tag: string): string {
    return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
  }

  /** The tag of an available language as this server spells it; undefined for any other text. */
  find(tag: string | undefined): string | undefined {
    return tag === undefined ? undefined : this.catalogues.get(tag.toLowerCase())?.language;
  }

  /** @throws RangeError for a language that is not available */
  of(tag: string): Catalogue {
    const catalogue = this.catalogues.get(tag.toLowerCase());
    if (!catalogue) throw new RangeError(`The language "${tag}" is not available.`);
    return catalogue;
  }

  /**
   * The first available of the requested languages, or else of those that the browser accepts; `de-AT` falls back to `de`.
   * @param requested by the request or the user, in order of preference
   * @see RFC 4647 3.4, RFC 9110 12.5.4
   */
  choose(requested: readonly string[] | undefined, acceptLanguage: string | undefined): Catalogue {
    if (this.catalogues.size === 1) return this.fallback;
    for (const range of [...(requested ?? []).slice(0, maxRanges), ...rangesOf(acceptLanguage)]) {
      const found = this.lookUp(range.toLowerCase());
      if (found) return found;
    }
    return this.fallback;
  }

  private lookUp(range: string): Catalogue | undefined {
    if (range === '*') return this.fallback;
    const parts = range.split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const found = this.catalogues.get(parts.slice(0, length).join('-'));
      if (found) return found;
    }
    return undefined;
  }
}

/** The ranges of the header, by preference; those with q=0 are excluded. */
function rangesOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .slice(0, maxHeaderCharacters)
    .split(',')
    .slice(0, maxRanges)
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((each) => each.trim());
      const q = parameters.find((each) => /^q=/i.test(each))?.slice(2);
      return { range, weight: q === undefined ? 1 : Number(q) || 0 };
    })
    .filter(({ range, weight }) => range !== '' && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range);
}

function readFolder(folder: string, english: Texts): ReadonlyMap<string, Texts> {
  let names: readonly string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (cause) {
    throw new Error(`GATEHOUSE_TEXTS: the folder ${folder} cannot be read`, { cause });
  }
  const files = names.map((name) => readTexts(join(folder, name), name.slice(0, -'.json'.length), english));
  const problems = files.flatMap((file) => file.problems);
  if (problems.length > 0) throw new Error(`GATEHOUSE_TEXTS:\n  ${problems.slice(0, 50).join('\n  ')}`);
  return new Map(files.map(({ tag, messages }) => [tag, messages]));
}

function readTexts(
  path: string,
  name: string,
  english: Texts,
): { readonly tag: string; readonly messages: Texts; readonly problems: readonly string[] } {
  const invalid = (problem: string): ReturnType<typeof readTexts> => ({
    tag: name,
    messages: {},
    problems: [`${path}: ${problem}`],
  });
  const tag = canonicalTag(name);
  if (tag === undefined) return invalid('the file name is not a language tag, such as de or pt-BR');
  let content: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxFileBytes) return invalid(`the file is larger than ${maxFileBytes} bytes`);
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    return invalid('the file is not valid JSON');
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return invalid('the file is not a JSON object that maps keys to texts');
  const problems: string[] = [];
  const messages: Record<string, string> = {};
  for (const [key, message] of Object.entries(content)) {
    const problem = textProblem(key, message, english);
    if (problem === undefined) messages[key] = message as string;
    else problems.push(`${path}: ${key.slice(0, 80)}: ${problem}`);
  }
  return { tag, messages, problems };
}

/** An unknown key may belong to another version and is ignored. */
function textProblem(key: string, message: unknown, english: Texts): string | undefined {
  if (typeof message !== 'string') return 'the value is not a string';
  if (!Object.hasOwn(english, key)) return undefined;
  try {
    const allowed = placeholdersOf(english[key] ?? '');
    const extra = [...placeholdersOf(message)].filter((place) => !allowed.has(place));
    return extra.length === 0 ? undefined : `the English text has no ${extra.join(', ')}`;
  } catch (error) {
    return `the syntax is invalid: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function canonicalTag(name: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(name)[0];
  } catch {
    return undefined;
  }
}
