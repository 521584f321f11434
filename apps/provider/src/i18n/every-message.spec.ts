import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Handlebars from 'handlebars';
import { auditTypes } from '../audit/audit.service.js';
import { placeholdersOf, tagNames } from '@gatehouse/platform/i18n/catalogue';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { builtInTexts } from './built-in.js';

const source = join(__dirname, '..');
/** The partials of the design system show texts of this catalogue. */
const uiViews = join(source, '../../../libs/platform/src/ui/views');
/** Pages that are translated, and what all pages share. */
const folders = [
  ...['account', 'users', 'users/factors', 'web', 'sign-in', 'protocol/logout'],
  ...['clients', 'resources', 'trusted-issuers', 'admin', 'grants', 'tokens'],
];
/** Parts of administration pages, and an invisible frame. */
const untranslated = ['check-session.hbs'];
/** Prefixes of keys that are composed at run time: of columns, scopes, claims, event types. */
const composedPrefixes = [
  // By their English text: domain-messages.ts
  'domain.',
  'error.',
  'scope.',
  'claim.',
  'event.',
  'profile.',
  // Named by libs/platform/src/ui/time-text.ts
  'ui.time.',
  'problem.profile.',
  'form.csrf',
  'form.origin',
  'audit.event.',
  'failure.',
  'failed.endpoint.',
  'overview.setup.',
];

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

const allViews = [...filesIn(source, '.hbs'), ...filesIn(uiViews, '.hbs')];
const views = [
  ...folders.flatMap((folder) => filesIn(join(source, folder, 'views'), '.hbs')),
  ...filesIn(uiViews, '.hbs'),
].filter((path) => !untranslated.some((name) => path.endsWith(name)));
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
      if (['title', 'label', 'hint'].includes(key) && value.type === 'StringLiteral')
        this.arguments.push((value as hbs.AST.StringLiteral).value);
    super.Hash(hash);
  }
}

function wordsOf(path: string): string[] {
  const words = new LiteralText();
  words.accept(Handlebars.parse(readFileSync(path, 'utf8')));
  const attributes = [...words.html.matchAll(/ (?:alt|title|placeholder|aria-label|data-label)="([^"]*)"/g)].map(
    ([, value]) => value ?? '',
  );
  const content = words.html.replace(/<[^>]*>/g, ' ').replace(/&[a-z]+;/g, ' ');
  return [...words.arguments, ...attributes, ...content.split(/\s+/)].filter((each) => /\p{L}/u.test(each));
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
      allViews.flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/\(?\bt "([^"]+)"/g)].map(([, key]) => key ?? ''),
      ),
    );
    expect(named.size).toBeGreaterThan(150);
    expect([...named].filter((key) => !Object.hasOwn(texts, key))).toEqual([]);
  });

  it('is used', () => {
    const everything = [...allViews, ...filesIn(source, '.ts').filter((path) => !path.endsWith('.spec.ts'))]
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
    expect(Object.keys(german).sort()).toEqual(Object.keys(texts).sort());
    const places = (messages: Readonly<Record<string, string>>): [string, string[]][] =>
      Object.keys(texts).map((key) => [key, [...placeholdersOf(messages[key] ?? '')].sort()]);
    expect(places(german)).toEqual(places(texts));
    const languages = new Languages({ builtIn: builtInTexts, language: 'de' });
    expect(languages.fallback.plain('time.days', { count: 2 })).toBe('2 Tage');
  });

  it('of the audit log exists for every event type', () => {
    expect(auditTypes.filter((type) => !Object.hasOwn(texts, `audit.event.${type}`))).toEqual([]);
  });

  it('of an event belongs to an existing event type', () => {
    const events = Object.keys(texts).flatMap((key) => /^(?:audit\.)?event\.(.+)$/.exec(key)?.[1] ?? []);
    expect(
      events.filter((type) => type !== 'other').filter((type) => !auditTypes.some((known) => known === type)),
    ).toEqual([]);
  });
});
