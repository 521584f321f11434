import { localAddress } from './local-address.js';

describe('local addresses', () => {
  it.each([
    ['/', '/'],
    ['/messages?a=1&b=2', '/messages?a=1&b=2'],
    ['/messages?b=ü', '/messages?b=%C3%BC'],
    ['/a/../b#c', '/b#c'],
  ])('%j is one', (text, written) => {
    expect(localAddress(text)).toBe(written);
  });

  it.each([
    undefined,
    '',
    'messages',
    'https://evil.example/',
    'http:evil.example',
    'javascript:alert(1)',
    '@evil.example',
    '//evil.example',
    '///evil.example',
    ' //evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/a\\b',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/a b',
    `/${'a'.repeat(2000)}`,
  ])('%j is none', (text) => {
    expect(localAddress(text)).toBeUndefined();
  });
});
