import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Handlebars from 'handlebars';
import { placeholdersOf, tagNames } from '@gatehouse/platform/i18n/catalogue';
import { builtInTexts } from './built-in.js';

const source = join(__dirname, '..');
/** The partials of the design system show texts of this catalogue. */
const uiViews = join(source, '../../../libs/platform/src/ui/views');
/** Prefixes of keys that are composed at run time: of ids of errors, notices and messages, and of error codes. */
const composedPrefixes = [
  ...['error.', 'meaning.', 'message.', 'notice.', 'frame.theme.', 'form.csrf', 'form.origin'],
  ...['unlock.wrong', 'unlock.throttled', 'unlock.off'],
  // Named by libs/platform/src/ui/time-text.ts
  'ui.time.',
];

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

const views = [...filesIn(source, '.hbs'), ...filesIn(uiViews, '.hbs')];
const texts = builtInTexts.english;

/** Collects the literal text of a view and of its arguments. */
class LiteralText extends Handlebars.Visitor {
  html = '';
  readonly arguments: string[] = [];

  override ContentStatement(content: hbs.AST.ContentStatement): void {
    this.html += content.value;
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    this.html += '{}';
    super.MustacheStatement(statement);
  }

  override Hash(hash: hbs.AST.Hash): void {
    for (const { key, value } of hash.pairs)
      if (['title', 'label', 'hint', 'text', 'sub'].includes(key) && value.type === 'StringLiteral')
        this.arguments.push((value as hbs.AST.StringLiteral).value);
    super.Hash(hash);
  }
}

/** A request line is the same in every language. */
const untranslated: ReadonlySet<string> = new Set(['GET /api/me']);

function wordsOf(path: string): string[] {
  const words = new LiteralText();
  words.accept(Handlebars.parse(readFileSync(path, 'utf8')));
  const attributes = [...words.html.matchAll(/ (?:alt|title|placeholder|aria-label|data-label)="([^"]*)"/g)].map(
    ([, value]) => value ?? '',
  );
  const content = words.html
    .replace(/<code>.*?<\/code>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[a-z]+;/g, ' ');
  return [...words.arguments, ...attributes, ...content.split(/\s+/)].filter(
    (each) => /\p{L}/u.test(each) && !untranslated.has(each),
  );
}

describe('every text', () => {
  it.each(Object.entries(texts))('%s can be parsed', (_key, message) => {
    expect(() => placeholdersOf(message)).not.toThrow();
    expect(message).not.toMatch(/^\s|\s$/);
    // A placeholder with the name of a tag would be replaced by the tag.
    for (const tag of tagNames) expect(message).not.toContain(`{${tag}}`);
  });

  it.each(views.map((path) => relative(source, path)))('of %s is in the catalogue', (path) => {
    expect(wordsOf(join(source, path))).toEqual([]);
  });

  it('that a view uses exists', () => {
    const named = new Set(
      views.flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/\(?\bt "([^"]+)"/g)].map(([, key]) => key ?? ''),
      ),
    );
    expect(named.size).toBeGreaterThan(80);
    expect([...named].filter((key) => !builtInTexts.has(key))).toEqual([]);
  });

  it('is used', () => {
    const everything = [...views, ...filesIn(source, '.ts').filter((path) => !path.endsWith('.spec.ts'))]
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const unused = Object.keys(texts).filter(
      (key) =>
        !composedPrefixes.some((start) => key.startsWith(start)) &&
        !everything.includes(`"${key}"`) &&
        !everything.includes(`'${key}'`),
    );
    expect(unused).toEqual([]);
  });

  it('exists in German, too, with the same placeholders', () => {
    const german = builtInTexts.byLanguage.get('de') ?? {};
    expect(Object.keys(german)).toEqual(Object.keys(texts));
    const places = (messages: Readonly<Record<string, string>>): [string, string[]][] =>
      Object.keys(texts).map((key) => [key, [...placeholdersOf(messages[key] ?? '')].sort()]);
    expect(places(german)).toEqual(places(texts));
  });

  it('says "sign in" and "sign out", not "log in" and "log out"', () => {
    const wrong = Object.entries(texts).filter(([, message]) => /\blog(?:ged|ging)? (?:in|out)\b/i.test(message));
    expect(wrong).toEqual([]);
  });
});
