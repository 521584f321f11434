import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { timeHelper } from './time-text.js';
import { uiViews, Views } from './views.js';

const now = Date.UTC(2026, 10, 29, 12, 0, 0) / 1000;

/** The keys instead of texts, with their values: what a partial says is for the application's catalogue. */
function t(key: string, { hash }: { readonly hash: Readonly<Record<string, string>> }): Handlebars.SafeString {
  return new Handlebars.SafeString([key, ...Object.values(hash)].map(Handlebars.escapeExpression).join(' '));
}

const texts = {
  language: 'en',
  text: (key: string, { count }: { readonly count?: number }) =>
    [key, count].filter((each) => each !== undefined).join(' '),
};

function render(template: string, model: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'views-'));
  writeFileSync(join(folder, 'page.hbs'), template);
  const views = new Views([folder, uiViews], {
    helpers: {
      t,
      time: timeHelper(
        () => now,
        () => texts,
      ),
    },
  });
  return views.render('page', model);
}

/** What the field is described by exists, once, in this order. */
function describedBy(html: string): string[] {
  const ids = /aria-describedby="([^"]*)"/.exec(html)?.[1]?.split(' ') ?? [];
  for (const id of ids) expect(html.split(`id="${id}"`)).toHaveLength(2);
  return ids;
}

describe('a partial of the design system', () => {
  const row = { label: 'of the row', name: 'row', value: 'secret', disabled: true, problem: 'of the row' };

  it('gets the arguments that are written down, and nothing of the context around it', () => {
    const html = render('{{#each rows}}{{> ui/button label="Save"}}{{> ui/field name="a" label="A"}}{{/each}}', {
      rows: [row],
    });
    expect(html).not.toMatch(/of the row|secret|disabled|aria-invalid/);
  });

  it('gets a whole object when that is passed', () => {
    expect(render('{{> ui/button action size="s"}}', { action: { label: 'Add', href: '/add' } })).toMatch(
      /<a class="btn btn-s" href="\/add">Add<\/a>/,
    );
  });

  it('leaves the context of a block as it is, with the paths that lead out of it', () => {
    const html = render(
      '{{#each people}}{{#> ui/card id="c" title="Card"}}{{name}} {{title}} of {{../team}}{{/ui/card}}{{/each}}',
      { team: 'A', people: [{ name: 'Ada', title: 'Countess' }] },
    );
    expect(html).toContain('Ada Countess of A');
    expect(html).toContain('aria-labelledby="c-title"');
    expect(html).toContain('<h2 id="c-title">Card</h2>');
  });

  it('without a block does not show that of a partial further out', () => {
    const html = render('{{#> ui/card}}Once{{> ui/callout text="Note"}}{{/ui/card}}');
    expect(html.match(/Once/g)).toHaveLength(1);
    expect(render('{{#> ui/callout}}Inside{{/ui/callout}}')).toContain('Inside');
  });

  it.each([
    ['ui/field', 'name="a" label=x value=x hint=x problem=x placeholder=x'],
    ['ui/select', 'name="a" label=x options=(list (object value=x label=x)) hint=x'],
    ['ui/choices', 'name="a" label=x options=(list (object value=x label=x hint=x))'],
    ['ui/callout', 'title=x text=x'],
    ['ui/copy', 'value=x about=x'],
    ['ui/avatar', 'name=x'],
    ['ui/facts', 'rows=(list (object label=x value=x))'],
    ['ui/diff', 'requested=x registered="a"'],
    ['ui/spark', 'values=(list 1 2) label=x'],
    ['ui/asks', 'groups=(list (object permissions=(list (object sentence=x scope=x))))'],
  ])('escapes what it shows: %s', (name, argumentsOf) => {
    expect(render(`{{> ${name} ${argumentsOf}}}`, { x: '<x" onclick=1>' })).not.toMatch(/<x|" onclick/);
  });
});

describe('a field', () => {
  it('is described by its problem instead of its hint, and its label points to it', () => {
    const html = render('{{> ui/field name="uri" label="URI" hint="Exact" problem="Wrong" value="x"}}');
    expect(describedBy(html)).toEqual(['f-uri-problem']);
    expect(html).not.toContain('Exact');
    expect(html).toContain('<label for="f-uri">URI</label>');
    expect(html).toContain('id="f-uri" name="uri" value="x"');
    expect(html).toContain('aria-invalid="true"');
  });

  it('does not send a password back', () => {
    expect(render('{{> ui/field name="p" label="P" type="password" value="secret"}}')).not.toContain('secret');
  });

  it.each(['field', 'select', 'check', 'toggle'])('is disabled for an auditor: %s', (name) => {
    expect(render(`{{> ui/${name} name="a" label="A"}}`, { readOnly: true })).toContain(' disabled');
    expect(render(`{{> ui/${name} name="a" label="A"}}`, { readOnly: false })).not.toContain(' disabled');
  });
});

describe('a button', () => {
  it.each([
    ['that submits is disabled for an auditor', 'label="Save"', true],
    ['that searches is not', 'label="Search" safe=true', false],
    ['that is for scripts is not', 'label="Copy" type="button"', false],
    ['that leads to a page is not', 'label="Show" href="/x"', false],
    ['that leads to a form for changes is', 'label="Add" href="/add" changes=true', true],
  ])('%s', (_case, argumentsOf, isDisabled) => {
    expect(render(`{{> ui/button ${argumentsOf}}}`, { readOnly: true }).includes(' disabled>')).toBe(isDisabled);
    expect(render(`{{> ui/button ${argumentsOf}}}`)).not.toContain(' disabled>');
  });
});

describe('a time', () => {
  it.each([
    [now - 59, 'ui.time.now'],
    [now - 60, 'ui.time.minutesAgo 1'],
    [now - 3 * 3600, 'ui.time.hoursAgo 3'],
    [now - 30 * 3600, 'ui.time.yesterday'],
    [now - 6 * 86400, 'ui.time.daysAgo 6'],
    [now - 7 * 86400, 'Nov 22, 2026'],
    [now + 90, 'ui.time.inMinutes 1'],
    [now + 3600, 'ui.time.inHours 1'],
    [now + 86400, 'ui.time.inDays 1'],
    [now + 40 * 86400, 'Jan 8, 2027'],
  ])('%s is shown as %s', (at, shown) => {
    expect(render('{{time at}}', { at })).toContain(`>${shown}</time>`);
  });

  it('has the exact time in its tooltip', () => {
    expect(render('{{time at}}', { at: now - 60 })).toContain(
      '<time datetime="2026-11-29T11:59:00Z" title="2026-11-29 11:59:00 UTC">',
    );
  });

  it('is "Never" without one', () => {
    expect(render('{{time at}}')).toBe('ui.time.never');
  });
});

describe('a table with a selection', () => {
  const table = (bulk: object): string =>
    render('{{#> ui/table id="users" bulk=bulk}}<tr><td></td></tr>{{/ui/table}}', { bulk, csrf: 'token' });
  const actions = [{ label: 'Disable…', name: 'action', value: 'disable' }];

  it('posts it with the token of the page', () => {
    const html = table({ action: '/user', actions });
    expect(html).toContain('method="post" action="/user"');
    expect(html).toContain('name="csrf" value="token"');
  });

  it('takes it to a page that asks by GET, with the filter and without the token', () => {
    const html = table({ action: '/user/selected', asks: true, fields: [{ name: 'role', value: 'admin' }], actions });
    expect(html).toContain('method="get" action="/user/selected"');
    expect(html).toContain('<input type="hidden" name="role" value="admin">');
    expect(html).not.toContain('csrf');
  });
});

describe('choices', () => {
  it('have the ids of the field in messages, and the name that is sent', () => {
    const html = render(
      '{{> ui/choices name="role" id="roles" label="Roles" options=options problem="No." focus=true}}',
      {
        options: [
          { value: 'admin', label: 'Administrator' },
          { value: 'user', label: 'User' },
        ],
      },
    );
    expect(html).toMatch(/id="f-roles" name="role" value="admin" autofocus/);
    expect(html).toMatch(/id="f-roles-user" name="role" value="user">/);
    expect(describedBy(html)).toEqual(['f-roles-problem']);
  });
});
