import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { Catalogue, placesOf } from './catalogue.js';
import { englishTexts } from './english.js';

const maxFileBytes = 1_000_000;
/** A browser sends a few; what follows is not looked at. */
const maxHeaderCharacters = 300;
const maxRanges = 20;

/** The languages that pages are shown in: English, and those that a set-up has files of. */
export class Languages {
  private readonly catalogues: ReadonlyMap<string, Catalogue>;
  /** Of whoever wants none that there is. */
  readonly usual: Catalogue;

  /**
   * Reads the folder of texts: `de.json` holds German ones, `en.json` those that replace ours.
   * @throws Error naming every text that cannot be used: the start says so
   */
  constructor({ textsFolder, language }: Pick<Settings, 'textsFolder' | 'language'>) {
    const own = textsFolder === undefined ? new Map<string, Messages>() : readFolder(textsFolder);
    const english = { ...englishTexts(), ...own.get('en') };
    this.catalogues = new Map(
      [['en', {}] as const, ...own].map(([tag, messages]) => [
        tag.toLowerCase(),
        new Catalogue(tag, { ...english, ...messages }),
      ]),
    );
    const usual = this.catalogues.get(language.toLowerCase());
    if (!usual) throw new Error(`GATEHOUSE_LANGUAGE: there are no texts in ${language} (${this.tags.join(', ')})`);
    this.usual = usual;
  }

  /** As BCP 47 writes them, for `ui_locales_supported`. */
  get tags(): readonly string[] {
    return [...this.catalogues.values()].map(({ language }) => language);
  }

  /** @throws RangeError for a language that there is not */
  of(tag: string): Catalogue {
    const catalogue = this.catalogues.get(tag.toLowerCase());
    if (!catalogue) throw new RangeError(`there are no texts in "${tag}"`);
    return catalogue;
  }

  /**
   * The first of the wanted languages that there is, or else the first that the browser accepts; of `de-AT` the `de`.
   * @param wanted by the request or the person, the most wanted first
   * @see RFC 4647 3.4, RFC 9110 12.5.4
   */
  choose(wanted: readonly string[] | undefined, acceptLanguage: string | undefined): Catalogue {
    if (this.catalogues.size === 1) return this.usual;
    for (const range of [...(wanted ?? []).slice(0, maxRanges), ...rangesOf(acceptLanguage)]) {
      const found = this.lookUp(range.toLowerCase());
      if (found) return found;
    }
    return this.usual;
  }

  private lookUp(range: string): Catalogue | undefined {
    if (range === '*') return this.usual;
    const parts = range.split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const found = this.catalogues.get(parts.slice(0, length).join('-'));
      if (found) return found;
    }
    return undefined;
  }
}

type Messages = Readonly<Record<string, string>>;

/** The ranges of the header, the best first; those with q=0 are refused. */
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

function readFolder(folder: string): ReadonlyMap<string, Messages> {
  let names: readonly string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (cause) {
    throw new Error(`GATEHOUSE_TEXTS: the folder ${folder} cannot be read`, { cause });
  }
  const files = names.map((name) => readTexts(join(folder, name), name.slice(0, -'.json'.length)));
  const problems = files.flatMap((file) => file.problems);
  if (problems.length > 0) throw new Error(`GATEHOUSE_TEXTS:\n  ${problems.slice(0, 50).join('\n  ')}`);
  return new Map(files.map(({ tag, messages }) => [tag, messages]));
}

function readTexts(
  path: string,
  name: string,
): { readonly tag: string; readonly messages: Messages; readonly problems: readonly string[] } {
  const refused = (problem: string): ReturnType<typeof readTexts> => ({
    tag: name,
    messages: {},
    problems: [`${path}: ${problem}`],
  });
  const tag = canonicalTag(name);
  if (tag === undefined) return refused('the name of the file is no language tag, such as de or pt-BR');
  let content: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxFileBytes) return refused(`the file has more than ${maxFileBytes} bytes`);
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refused('the file cannot be read as JSON');
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return refused('the file is no object of texts by their keys');
  const problems: string[] = [];
  const messages: Record<string, string> = {};
  for (const [key, message] of Object.entries(content)) {
    const problem = textProblem(key, message);
    if (problem === undefined) messages[key] = message as string;
    else problems.push(`${path}: ${key.slice(0, 80)}: ${problem}`);
  }
  return { tag, messages, problems };
}

/** A key that is not ours is another version's: no reason to stop. */
function textProblem(key: string, message: unknown): string | undefined {
  const english = englishTexts();
  if (typeof message !== 'string') return 'this is no text';
  if (!Object.hasOwn(english, key)) return undefined;
  try {
    const ours = placesOf(english[key] ?? '');
    const extra = [...placesOf(message)].filter((place) => !ours.has(place));
    return extra.length === 0 ? undefined : `there is no ${extra.join(', ')} in this text`;
  } catch (error) {
    return `this cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function canonicalTag(name: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(name)[0];
  } catch {
    return undefined;
  }
}
