import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Views } from './views.js';

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'views-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, `${name}.hbs`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

function render(template: string, model: object = {}): string {
  return new Views([folderOf({ page: template })]).render('page', model);
}

describe('views', () => {
  it('wrap themselves in a layout of another folder and show partials by their names', () => {
    const shared = folderOf({ layout: '<h1>{{title}}</h1>{{> @partial-block}}', 'parts/item': '<li>{{this}}</li>' });
    const clients = folderOf({
      list: '{{#> layout title="Clients"}}{{#each names}}{{> parts/item}}{{/each}}{{/layout}}',
    });
    const views = new Views([shared, { folder: clients, prefix: 'clients' }]);
    expect(views.render('clients/list', { names: ['a', '<b>'] })).toBe('<h1>Clients</h1><li>a</li><li>&lt;b&gt;</li>');
    expect(views.has('list')).toBe(false);
  });

  it('see own properties of the model alone', () => {
    class Row {
      get secret(): string {
        return 'hidden';
      }
    }
    expect(render('{{row.secret}}{{row.constructor.name}}{{list.length}}', { row: new Row(), list: [1] })).toBe('1');
  });

  it.each([
    ['{{{name}}}', 'unescaped'],
    ['{{&name}}', 'unescaped'],
    ['{{> nowhere}}', 'partial "nowhere"'],
    ['{{#> nowhere}}{{/nowhere}}', 'partial "nowhere"'],
    ['{{shout name}}', 'helper "shout"'],
    ['{{#if (shout name)}}{{/if}}', 'helper "shout"'],
    ['{{#if}', 'Parse error'],
  ])('stop the start over %s', (template, problem) => {
    expect(() => render(template)).toThrow(problem);
  });

  it('stop the start when one that is required is missing', () => {
    expect(() => new Views([folderOf({})], { required: ['login'] })).toThrow('login: there is no such view');
    expect(() => new Views([folderOf({})]).render('login', {})).toThrow('there is no view "login"');
  });

  it('take inline partials and helpers of the application', () => {
    const folder = folderOf({ page: '{{#*inline "row"}}<{{n}}>{{/inline}}{{> row n=1}}{{asset "a.css"}}' });
    expect(new Views([folder], { helpers: { asset: (name: string) => `/assets/${name}?"` } }).render('page', {})).toBe(
      '<1>/assets/a.css?&quot;',
    );
  });

  it('name only texts that exist', () => {
    const folder = folderOf({ page: '{{t "save"}}{{eq (t "remove") key}}{{t key}}' });
    const options = { helpers: { t: String }, hasText: (key: string) => key === 'save' };
    expect(() => new Views([folder], options)).toThrow('page.hbs:1 shows the text "remove", which does not exist');
  });

  it('are read again in development', () => {
    const folder = folderOf({ page: 'one' });
    const views = new Views([folder], { reload: true });
    writeFileSync(join(folder, 'page.hbs'), 'two');
    expect(views.render('page', {})).toBe('two');
  });

  it('have helpers', () => {
    expect(render('{{#if (eq a "x")}}y{{/if}}{{#if (not a)}}n{{/if}}', { a: 'x' })).toBe('y');
    expect(render('{{#if (or a b)}}y{{/if}}{{#if (and a b)}}n{{/if}}', { a: [], b: 1 })).toBe('y');
    expect(
      render('{{join list ", "}} {{plural 1 "token" "tokens"}} {{plural 2 "token" "tokens"}}', { list: ['a', '<'] }),
    ).toBe('a, &lt; 1 token 2 tokens');
    expect(render('{{instant at}}{{instant none}}', { at: 1_767_225_600 })).toBe(
      '<time datetime="2026-01-01T00:00:00Z">2026-01-01 00:00&nbsp;UTC</time>–',
    );
    expect(render('{{instant at}}', { at: 1e300 })).toBe('–');
    expect(render('<a href="{{concat "/x/" id}}?q={{encode q}}">', { id: '"', q: 'a b&"' })).toBe(
      '<a href="/x/&quot;?q=a%20b%26%22">',
    );
    expect(render('{{#if (includes list "a")}}y{{/if}}', { list: ['a'] })).toBe('y');
    expect(render('{{inlineCode text}}', { text: 'a `<b>` & `c' })).toBe(
      'a <code>&lt;b&gt;</code> &amp; <code>c</code>',
    );
    expect(render('{{#if (needsSummary list)}}y{{/if}}', { list: [{ id: 'a' }] })).toBe('');
    expect(render('{{#if (needsSummary list)}}y{{/if}}', { list: [{ id: 'a' }, { id: 'b' }] })).toBe('y');
    expect(render('{{#if (needsSummary list)}}y{{/if}}', { list: [{ id: 'a', href: '/b#a' }] })).toBe('y');
  });
});
