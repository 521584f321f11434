import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalogue } from '@gatehouse/platform/i18n/catalogue';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { translate } from '@gatehouse/platform/i18n/message';
import { textHelper } from '@gatehouse/platform/i18n/message-helper';
import { builtInTexts } from './built-in.js';
import { joined, text } from './message.js';

function folderOf(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'texts-'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

function languagesOf(files: Record<string, unknown>, language = 'en'): Languages {
  return new Languages({ builtIn: builtInTexts, textsFolder: folderOf(files), language });
}

describe('a catalogue', () => {
  const catalogue = new Catalogue('en', {
    who: '<strong>{name}</strong> & "friends"',
    apostrophe: "the server's own",
    days: '{count, plural, one {# day} other {# days}}',
    link: 'Not {name}? <a>Another account</a>',
    spoken: 'End<hidden> the session of {name}</hidden>',
  });

  it('escapes the values and the text itself', () => {
    expect(catalogue.html('apostrophe')).toBe('the server&#39;s own');
    expect(catalogue.html('who', { name: '<i>"x"&' })).toBe(
      '<strong>&lt;i&gt;&quot;x&quot;&amp;</strong> &amp; &quot;friends&quot;',
    );
    expect(catalogue.html('link', { name: 'a', href: '/x?a=1&b="' })).toBe(
      'Not a? <a href="/x?a&#x3D;1&amp;b&#x3D;&quot;">Another account</a>',
    );
  });

  it('escapes what only looks like a tag, in every part of a text', () => {
    const quoted = new Catalogue('en', {
      page: "'<meta http-equiv=refresh content=0>' {name}",
      days: "{count, plural, one {'<i>'} other {<strong>'</strong>'</strong>}}",
    });
    expect(quoted.html('page', { name: 'a' })).toBe('&lt;meta http-equiv=refresh content=0&gt; a');
    expect(quoted.html('days', { count: 1 })).toBe('&lt;i&gt;');
    expect(quoted.html('days', { count: 2 })).toBe('<strong>&lt;/strong&gt;</strong>');
    expect(quoted.plain('page', { name: 'a' })).toBe('<meta http-equiv=refresh content=0> a');
  });

  it('escapes values of any type', () => {
    const values = { name: ['<img src=x onerror=alert(1)>'] } as unknown as { name: string };
    expect(catalogue.html('who', values)).not.toContain('<img');
  });

  it('takes another text as a value', () => {
    const t = textHelper(languagesOf({ 'en.json': { 'ui.table.select': 'Select {name}' } }));
    const call = (hash: object): Parameters<typeof t>[1] => ({ hash, data: { root: { language: 'en' } } }) as never;
    const about = t('ui.copyWhat', call({ what: 'A & B' }));
    expect(String(t('ui.table.select', call({ name: about })))).toBe('Select Copy A &amp; B');
  });

  it('shows instants as days, in UTC', () => {
    const at = Date.UTC(2026, 10, 29, 23, 59);
    const messages = { day: '{at, date, day}', long: '{at, date, longDay}', hour: '{at, date, hour}' };
    const days = (language: string): string[] =>
      Object.keys(messages).map((key) => new Catalogue(language, messages).html(key, { at }));
    expect(days('en')).toEqual(['Nov 29', 'November 29, 2026', 'Nov 29, 23:59']);
    expect(days('de')).toEqual(['29. Nov.', '29. November 2026', '29. Nov., 23:59']);
  });

  it('removes the markup from plain text', () => {
    expect(catalogue.plain('who', { name: '<i>' })).toBe('<i> & "friends"');
    expect(catalogue.plain('spoken', { name: 'Firefox' })).toBe('End the session of Firefox');
  });

  it('uses the plural rules of its language', () => {
    expect([1, 2].map((count) => catalogue.plain('days', { count }))).toEqual(['1 day', '2 days']);
    const polish = new Catalogue('pl', { days: '{count, plural, one {# dzień} few {# dni} other {# dnia}}' });
    expect([1, 3].map((count) => polish.plain('days', { count }))).toEqual(['1 dzień', '3 dni']);
  });

  it('reports what is missing', () => {
    expect(() => catalogue.plain('nowhere')).toThrow('The text "nowhere" does not exist.');
    expect(() => catalogue.plain('toString')).toThrow('The text "toString" does not exist.');
    expect(() => catalogue.plain('who')).toThrow('name');
  });
});

describe('a text', () => {
  const german = new Catalogue('de', {
    'browsers.on': '{browser} unter {system}',
    'browsers.any': 'Ein Browser',
    'form.sentences': '{first} {second}',
    'problem.email': 'Das ist keine Adresse.',
  });

  it('is English for programs and translated on pages, including nested texts', () => {
    const sentence = text('browsers.on', { browser: text('browsers.any'), system: 'Linux' });
    expect(String(sentence)).toBe('A browser on Linux');
    expect(JSON.stringify({ sentence })).toBe('{"sentence":"A browser on Linux"}');
    expect(translate({ list: [{ sentence }], other: 'x', count: 1, none: undefined }, german)).toEqual({
      list: [{ sentence: 'Ein Browser unter Linux' }],
      other: 'x',
      count: 1,
      none: undefined,
    });
  });

  it('is appended to another', () => {
    const both = joined(joined(undefined, text('problem.email')), 'And more.');
    expect(translate(both, german)).toBe('Das ist keine Adresse. And more.');
  });

  it('leaves other objects unchanged', () => {
    const date = new Date(0);
    expect(translate({ date }, german)).toEqual({ date });
    expect(translate(Buffer.from('x'), german)).toEqual(Buffer.from('x'));
  });
});

describe('languages', () => {
  const files = { 'de.json': { 'login.submit': 'Anmelden' }, 'pt-BR.json': { 'login.submit': 'Entrar' } };

  it.each([
    [undefined, undefined, 'en'],
    [undefined, 'de', 'de'],
    [undefined, 'de-AT, en;q=0.5', 'de'],
    [undefined, 'en;q=0.5, DE', 'de'],
    [undefined, 'pt', 'en'],
    [undefined, 'pt-br', 'pt-BR'],
    [undefined, 'fr, *;q=0.1, de;q=0.2', 'de'],
    [undefined, 'fr, *', 'en'],
    [undefined, 'de;q=0', 'en'],
    [undefined, ';;;,,, q=1', 'en'],
    [['fr', 'de-CH-1996'], 'en', 'de'],
    [['fr'], 'de', 'de'],
    [['__proto__', 'constructor'], undefined, 'en'],
    [undefined, `${'x,'.repeat(1000)}de`, 'en'],
  ])('for %j and Accept-Language %j: %s (RFC 4647 3.4)', (wanted, header, expected) => {
    expect(languagesOf(files).choose(wanted, header).language).toBe(expected);
  });

  it('use English texts, with replacements of the installation, where a translation lacks them', () => {
    const languages = languagesOf({ ...files, 'en.json': { 'login.again': 'Sign in once more' } });
    const portuguese = languages.of('pt-BR');
    expect(['login.submit', 'login.again', 'form.save'].map((key) => portuguese.plain(key))).toEqual([
      'Entrar',
      'Sign in once more',
      'Save',
    ]);
    expect(languages.of('en').plain('login.submit')).toBe('Sign in');
    expect(languages.tags).toEqual(['en', 'de', 'pt-BR']);
  });

  it('use built-in translations, with replacements of the installation', () => {
    const german = languagesOf({ 'de.json': { 'login.submit': 'Los' } }).of('de');
    expect(['login.submit', 'form.save'].map((key) => german.plain(key))).toEqual(['Los', 'Speichern']);
  });

  it('have a default', () => {
    expect(languagesOf(files, 'de').choose(undefined, 'fr').language).toBe('de');
    expect(languagesOf(files, 'de').choose(undefined, 'en').language).toBe('en');
    expect(() => languagesOf(files, 'fr')).toThrow(
      'GATEHOUSE_LANGUAGE: fr is not available (available: en, de, pt-BR)',
    );
  });

  it.each([
    ['de.json', { 'login.submit': 7 }, 'login.submit: the value is not a string'],
    ['de.json', { 'login.submit': '<a>Los</a>' }, 'the English text has no <a>'],
    ['de.json', { 'login.submit': '{username}' }, 'the English text has no {username}'],
    ['de.json', { 'login.submit': '<script>' }, 'login.submit: the syntax is invalid'],
    ['de.json', { 'time.days': '{count, plural, one {{other}} other {#}}' }, 'the English text has no {other}'],
    ['de.json', '{', 'the file is not valid JSON'],
    ['de.json', [], 'the file is not a JSON object'],
    ['a language.json', {}, 'the file name is not a language tag'],
  ])('abort the start for %s with %j', (name, content, problem) => {
    expect(() => languagesOf({ [name]: content })).toThrow(problem);
  });

  it('abort the start if the folder does not exist, and ignore texts of another version', () => {
    expect(() => new Languages({ builtIn: builtInTexts, textsFolder: '/nowhere/at/all', language: 'en' })).toThrow(
      'GATEHOUSE_TEXTS: the folder /nowhere/at/all cannot be read',
    );
    expect(languagesOf({ 'de.json': { 'gone.since': '{anything}' } }).tags).toEqual(['en', 'de']);
  });
});
