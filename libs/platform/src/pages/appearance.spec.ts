import { readFileSync } from 'node:fs';
import { cookieHeader } from '../http/reply-writer';
import type { WebRequest } from '../http/request';
import { chooseTheme, directionOf, themeOf } from './appearance';

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
    const script = readFileSync(`${__dirname}/../ui/scripts/theme.js`, 'utf8');
    expect(script).toContain('document.cookie = `gatehouse_theme=${theme}; ');
  });
});

describe('the theme switch', () => {
  const chosen = (query: string): readonly (string | undefined)[] => {
    const request = { url: `/theme?${query}`, originalUrl: `/theme?${query}` } as WebRequest;
    const reply = chooseTheme(request, { origin: 'https://rp.example', home: '/' });
    const content = reply.content as Extract<typeof reply.content, { kind: 'redirect' }>;
    return [content.location, ...(content.cookies ?? []).map(cookieHeader)];
  };

  it('stores the choice where the script finds it, and returns to the page', () => {
    expect(chosen('to=dark&next=%2Fproviders')).toEqual([
      '/providers',
      'gatehouse_theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=Lax',
    ]);
  });

  it('forgets the choice', () => {
    expect(chosen('to=auto')).toEqual(['/', 'gatehouse_theme=; Path=/; Max-Age=0; Secure; SameSite=Lax']);
  });

  it('ignores other values, and addresses of other servers', () => {
    expect(chosen('to=%22onload&next=https%3A%2F%2Felsewhere.example%2F')).toEqual(['/']);
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
