import fc from 'fast-check';
import { aClient } from '../../test/client.fixture.js';
import { deviceCodeGrant, jwtBearerGrant, tokenExchangeGrant, type Client } from '../oauth/index.js';
import { changesSubjects, pairwiseSubject, sectorOf } from './subject.js';

const salt = Buffer.alloc(32, 7);

describe('sectorOf', () => {
  it.each([
    [
      'the host of the sector identifier',
      { sectorIdentifierUri: 'https://sector.example.com/s.json' },
      'sector.example.com',
    ],
    ['the host that the redirect URIs share', { redirectUris: ['https://client.example.com/a'] }, 'client.example.com'],
    ['the private scheme of an app', { redirectUris: ['com.example.app:/cb'] }, 'com.example.app:'],
    ['the client itself where it has no redirect URI', { redirectUris: [] }, 's6BhdRkqt3'],
  ])('is %s (OpenID Connect Core 8.1)', (_name, changes, sector) => {
    expect(sectorOf(aClient(changes))).toBe(sector);
  });
});

describe('sectorOf a client that no administrator made', () => {
  const registered = { source: 'registration' as const, redirectUris: ['https://client.example.com/a'] };
  const sector = { sectorIdentifierUri: 'https://sector.example.com/s.json' };

  it.each<[string, Partial<Client>, string]>([
    ['the host of its redirect URIs where all it gets goes there', {}, 'client.example.com'],
    ['that host with refresh tokens', { grantTypes: ['authorization_code', 'refresh_token'] }, 'client.example.com'],
    ['that host with the implicit grant', { grantTypes: ['implicit'] }, 'client.example.com'],
    ['that host with client credentials', { grantTypes: ['implicit', 'client_credentials'] }, 'client.example.com'],
    ['the host of the sector identifier', sector, 'sector.example.com'],
    ['itself on a loopback address', { redirectUris: ['http://127.0.0.1/one'] }, 's6BhdRkqt3'],
    ['itself at localhost by https', { redirectUris: ['https://localhost:8443/cb'] }, 's6BhdRkqt3'],
    ['itself with a private scheme', { redirectUris: ['com.example.app:/cb'] }, 's6BhdRkqt3'],
    ['itself with the device grant', { grantTypes: ['authorization_code', deviceCodeGrant] }, 's6BhdRkqt3'],
    ['itself with token exchange', { grantTypes: ['authorization_code', tokenExchangeGrant] }, 's6BhdRkqt3'],
    ['itself with assertions of other issuers', { grantTypes: ['implicit', jwtBearerGrant] }, 's6BhdRkqt3'],
    [
      'itself with the device grant, whatever a sector document lists',
      { ...sector, grantTypes: ['authorization_code', deviceCodeGrant] },
      's6BhdRkqt3',
    ],
    ['itself without redirect URIs for a sector document to list', { ...sector, redirectUris: [] }, 's6BhdRkqt3'],
    [
      'itself where logout tokens go to another host',
      { backchannelLogoutUri: 'https://elsewhere.example/out' },
      's6BhdRkqt3',
    ],
    [
      'the host of its redirect URIs where logout tokens go there too',
      { backchannelLogoutUri: 'https://client.example.com/out' },
      'client.example.com',
    ],
  ])('is %s', (_name, changes, expected) => {
    expect(sectorOf(aClient({ ...registered, ...changes }))).toBe(expected);
  });

  it.each(['developer', 'metadata_document'] as const)('holds for the source %s too', (source) => {
    const grantTypes = [deviceCodeGrant] as const;
    expect(sectorOf(aClient({ ...registered, source, grantTypes }))).toBe('s6BhdRkqt3');
    expect(sectorOf(aClient({ ...registered, source: 'admin', grantTypes }))).toBe('client.example.com');
  });
});

describe('changesSubjects', () => {
  const before = aClient({ source: 'registration', subjectType: 'pairwise', grantTypes: [deviceCodeGrant] });
  it.each<[string, Partial<Client>, boolean]>([
    ['no change', {}, false],
    ['another name', { name: 'Another' }, false],
    ['another sector', { grantTypes: ['authorization_code'] }, true],
    ['public subjects from now on', { grantTypes: ['authorization_code'], subjectType: 'public' }, false],
  ])('%s', (_name, changes, expected) => {
    expect(changesSubjects(before, { ...before, ...changes })).toBe(expected);
  });

  it('is true where pairwise subjects begin, and never for what an administrator made', () => {
    expect(changesSubjects({ ...before, subjectType: 'public' }, before)).toBe(true);
    const made = { ...before, source: 'admin' as const };
    expect(changesSubjects(made, { ...made, redirectUris: ['https://other.example/'] })).toBe(false);
  });
});

describe('pairwiseSubject', () => {
  it('is the same each time, and 256 bits in base64url', () => {
    expect(pairwiseSubject(salt, 'a.example', 'ada')).toBe(pairwiseSubject(salt, 'a.example', 'ada'));
    expect(pairwiseSubject(salt, 'a.example', 'ada')).toMatch(/^[\w-]{43}$/);
  });

  it('differs by sector, by person and by server', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), (one, other) => {
        const same = one[0] === other[0] && one[1] === other[1];
        expect(pairwiseSubject(salt, ...one) === pairwiseSubject(salt, ...other)).toBe(same);
      }),
    );
    expect(pairwiseSubject(salt, 'a', 'b')).not.toBe(pairwiseSubject(Buffer.alloc(32, 8), 'a', 'b'));
  });
});
