import { z } from 'zod';
import * as schema from './setting-schemas.js';

const integer = schema.integer({ min: 1, max: 10 });

function messageOf(of: z.ZodType, text: string): string | undefined {
  return of.safeParse(text).error?.issues[0]?.message;
}

describe('setting schemas', () => {
  it.each(['1.5', '-1', '1e1', '0x5', '5 5', '٣', '', '0', '11', '1'.repeat(16)])(
    'do not accept %j as a whole number from 1 to 10',
    (text) => {
      expect(messageOf(integer, text)).toBe('must be a whole number from 1 to 10');
    },
  );

  it.each([
    ['5', 'must have the form count/seconds'],
    ['5/', 'must have the form count/seconds'],
    ['5/60/1', 'must have the form count/seconds'],
    ['5/1.5', 'must have the form count/seconds'],
    ['0/60', 'must have a count from 1 to 1000000000'],
    ['5/0', 'must have a period from 1 to 315360000 seconds'],
  ])('do not accept %s as a rate', (text, message) => {
    expect(messageOf(schema.rate(), text)).toBe(message);
  });

  it.each([
    ['id.example', 'is not a URL'],
    ['ftp://id.example', 'must begin with https:// or http://'],
    ['https:/id.example', 'must have a host after two slashes'],
    ['https:id.example', 'must have a host after two slashes'],
    ['https:///id.example', 'must have a host after two slashes'],
    ['https://me:x@id.example', 'user name or password'],
    ['https://id.example?', 'has a query or fragment'],
    ['https://id.example/auth', 'has a path'],
  ])('do not accept %s as an origin', (text, message) => {
    expect(messageOf(schema.origin(), text)).toContain(message);
  });

  // #767676 is the lightest gray with a contrast of 4.5 to white.
  it.each([
    ['teal', 'is not a color such as #1c5b4c'],
    ['#777777', 'is too light: white text on it would be illegible'],
    ['#767676', undefined],
  ])('check the contrast of the color %s with white text', (text, message) => {
    expect(messageOf(schema.color(), text)).toBe(message);
  });

  it.each([
    ['mailto:help@example.com', undefined],
    ['https://example.com/help?topic=1', undefined],
    ['help@example.com', 'must begin with https://, or be an address such as mailto:help@example.com'],
    ['mailto:help@example.com?bcc=other@example.com', 'must begin with https://, or be an address such as'],
    ['http://example.com/', 'must begin with https://, or be an address such as'],
    ['javascript:alert(1)', 'must begin with https://, or be an address such as'],
    [`https://example.com/${'x'.repeat(500)}`, 'has more than 500 characters'],
  ])('check the contact %.60s', (text, message) => {
    if (message === undefined) expect(messageOf(schema.contact(), text)).toBeUndefined();
    else expect(messageOf(schema.contact(), text)).toContain(message);
  });

  it.each([
    ['https://example.com/terms', undefined],
    ['http://example.com/terms', 'must be a URL that begins with https://'],
    ['https:/example.com/terms', 'must be a URL that begins with https://'],
    ['https:///example.com/terms', 'must be a URL that begins with https://'],
    ['https://me:x@example.com/', 'must not contain a user name or password'],
  ])('check the page %s', (text, message) => {
    expect(messageOf(schema.httpsUrl(), text)).toBe(message);
  });

  it('read a list of choices, and write it', () => {
    const list = schema.choices(['admin', 'user']);
    expect(list.parse('User, admin,user')).toEqual(['user', 'admin']);
    expect(list.parse('')).toEqual([]);
    expect(z.encode(list, ['admin', 'user'])).toBe('admin,user');
    expect(messageOf(list, 'admin,root')).toBe('must be a list of admin, user, separated by commas');
  });

  it.each([
    [schema.text({ maxLength: 3 }), 'abcd', 'has more than 3 characters'],
    [schema.secretText({ minBytes: 3 }), 'ab', 'has fewer than 3 bytes'],
    [schema.secretUrl(['smtp://', 'smtps://']), 'smtp://', 'does not begin with smtp:// or smtps://'],
    [schema.secretKeys(), 'AAAA', 'is not a list of keys of 32 bytes in base64url (openssl rand -base64 32)'],
    [schema.flag(), 'maybe', 'must be on or off'],
    [schema.choice(['off', 'open']), 'ajar', 'must be one of off, open'],
    [schema.port(), '65536', 'must be a whole number from 0 to 65535'],
    [schema.addresses(), '10.0.0.0/33', 'is not a list of networks such as 10.0.0.0/8,fd00::/8'],
  ])('have messages of their own, not those of zod (%#)', (of, text, message) => {
    expect(messageOf(of, text)).toBe(message);
  });

  it.each([
    [schema.text(), 'some text', 'some text'],
    [schema.httpUrl(), 'https://id.example/tenant/', 'https://id.example/tenant/'],
    [schema.origin(), 'https://ID.example:443/', 'https://id.example'],
    [integer, '07', '7'],
    [schema.port(), '5000', '5000'],
    [schema.choice(['off', 'open']), 'Open', 'open'],
    [schema.flag(), 'TRUE', 'on'],
    [schema.flag(), '0', 'off'],
    [schema.color(), '#1C5B4C', '#1c5b4c'],
    [schema.addresses(), '10.0.0.0/8, fd00::/8', '10.0.0.0/8,fd00::/8'],
    [schema.rate(), '5/060', '5/60'],
  ])('encode a value as text that parses to the same value (%#)', (of: z.ZodType<unknown, string>, text, written) => {
    const value = of.parse(text);
    expect(z.encode(of, value)).toBe(written);
    expect(of.parse(written)).toEqual(value);
  });
});
