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
