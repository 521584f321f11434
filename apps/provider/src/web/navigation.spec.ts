import { readFileSync } from 'node:fs';
import { directionOf, themeOf } from './appearance';
import { navigationOf } from './navigation';

function current(path: string): string[] {
  const { console: groups, account } = navigationOf({ roles: ['admin'] }, path);
  return [...groups.flatMap(({ links }) => links), ...account].filter((link) => link.current).map(({ href }) => href);
}

describe('the navigation', () => {
  it.each([
    ['/user', ['/user']],
    ['/user/update/1', ['/user']],
    ['/user/invite', ['/user/invite']],
    ['/user/roles', ['/settings/sign-in']],
    ['/settings/branding', ['/settings/branding']],
    ['/admin', ['/admin']],
    ['/admin/system', ['/admin/system']],
    ['/session', ['/session']],
    ['/grant', ['/session']],
    ['/token', ['/session']],
    ['/account', ['/account']],
    ['/account/factors/app', ['/account/factors']],
    ['/elsewhere', []],
  ])('marks one entry for %s', (path, hrefs) => {
    expect(current(path)).toEqual(hrefs);
  });

  it('shows the whole console to administrators and auditors, and a part of it to developers', () => {
    const hrefs = (...roles: ('admin' | 'auditor' | 'developer')[]): string[] =>
      navigationOf({ roles }, '/').console.flatMap(({ links }) => links.map(({ href }) => href));
    expect(hrefs('auditor')).toEqual(hrefs('admin'));
    expect(hrefs('developer')).toEqual(['/client', '/grant']);
    expect(hrefs()).toEqual([]);
    expect(navigationOf({ roles: ['developer'] }, '/').consoleHref).toBe('/client');
    expect(navigationOf({ roles: [] }, '/').consoleHref).toBeUndefined();
  });
});

describe('the theme', () => {
  it.each([
    ['gatehouse_theme=dark', 'dark'],
    ['a=b; gatehouse_theme=light', 'light'],
    ['gatehouse_theme="><script>', undefined],
    ['', undefined],
  ])('of the cookie "%s" is %s', (header, theme) => {
    expect(themeOf({ headers: { cookie: header } } as Parameters<typeof themeOf>[0])).toBe(theme);
  });

  it('is written by the script into the cookie that the server reads', () => {
    const script = readFileSync(`${__dirname}/../../../../libs/platform/src/ui/scripts/theme.js`, 'utf8');
    expect(script).toContain('document.cookie = `gatehouse_theme=${');
  });
});

describe('the direction of a page', () => {
  it.each([
    ['en', 'ltr'],
    ['de', 'ltr'],
    ['ar', 'rtl'],
    ['he-IL', 'rtl'],
    ['fa', 'rtl'],
    ['az-Arab', 'rtl'],
    ['pt-BR', 'ltr'],
  ])('in %s is %s', (language, direction) => {
    expect(directionOf(language)).toBe(direction);
  });
});
