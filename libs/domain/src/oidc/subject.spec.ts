import fc from 'fast-check';
import { aClient } from '../../test/client.fixture.js';
import { pairwiseSubject, sectorOf } from './subject.js';

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
