import { aClient } from '../../test/client.fixture.js';
import type { Client } from './client.js';
import { isMaterialChange, writeClientIdentity } from './client-identity.js';

const before = aClient({
  applicationType: 'native',
  name: 'Photo printer',
  redirectUris: ['https://printer.example/cb', 'com.example.printer:/cb', 'http://127.0.0.1/cb'],
  clientUri: 'https://printer.example/',
});

describe('a change of a client', () => {
  it.each<[string, Partial<Client>]>([
    ['its name', { name: 'Your bank' }],
    ['the host of a redirect URI', { redirectUris: ['https://elsewhere.example/cb'] }],
    ['the port of a redirect URI', { redirectUris: ['https://printer.example:8443/cb'] }],
    ['one more redirect host', { redirectUris: [...before.redirectUris, 'https://elsewhere.example/cb'] }],
    ['one more private-use scheme', { redirectUris: [...before.redirectUris, 'com.example.other:/cb'] }],
    ['its logo', { logoUri: 'https://printer.example/logo.png' }],
    ['its website', { clientUri: 'https://elsewhere.example/' }],
    ['its website, which it no longer names', { clientUri: undefined }],
    ['its sector', { sectorIdentifierUri: 'https://printer.example/sector.json' }],
  ])('is material: %s', (_name, change) => {
    expect(isMaterialChange(before, { ...before, ...change })).toBe(true);
    expect(writeClientIdentity({ ...before, ...change })).not.toBe(writeClientIdentity(before));
  });

  it.each<[string, Partial<Client>]>([
    ['nothing', {}],
    ['an empty logo for none', { logoUri: '' }],
    [
      'the path of a redirect URI',
      { redirectUris: ['https://printer.example/other', ...before.redirectUris.slice(1)] },
    ],
    ['the order of redirect URIs', { redirectUris: [...before.redirectUris].reverse() }],
    ['a port of the machine itself', { redirectUris: [...before.redirectUris, 'http://127.0.0.1:5000/cb'] }],
    ['its contacts and policy', { contacts: ['ada@printer.example'], policyUri: 'https://printer.example/policy' }],
  ])('is not material: %s', (_name, change) => {
    expect(isMaterialChange(before, { ...before, ...change })).toBe(false);
    expect(writeClientIdentity({ ...before, ...change })).toBe(writeClientIdentity(before));
  });

  it('is material where a web client moves to another port of the machine itself, for it has one', () => {
    const web = aClient({ applicationType: 'web', redirectUris: ['http://127.0.0.1:8000/cb'] });
    expect(isMaterialChange(web, { ...web, redirectUris: ['http://127.0.0.1:9000/cb'] })).toBe(true);
    expect(isMaterialChange(web, { ...web, redirectUris: ['http://127.0.0.1:8000/other'] })).toBe(false);
  });

  it('is not material where a redirect host is given up', () => {
    expect(isMaterialChange(before, { ...before, redirectUris: ['https://printer.example/cb'] })).toBe(false);
  });
});
