import { keyFromSecret } from './secret-key.js';

describe('keyFromSecret (OpenID Connect Core 10.2)', () => {
  // FIPS 180-4 examples: the hashes of "abc".
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const sha384 = 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7';
  const sha512 =
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';

  it.each([
    ['A128KW', 'A256GCM', sha256.slice(0, 32)],
    ['A192KW', 'A256GCM', sha256.slice(0, 48)],
    ['A256KW', 'A128GCM', sha256],
    ['dir', 'A128GCM', sha256.slice(0, 32)],
    ['dir', 'A192GCM', sha256.slice(0, 48)],
    ['dir', 'A256GCM', sha256],
    ['dir', 'A128CBC-HS256', sha256],
    ['dir', 'A192CBC-HS384', sha384],
    ['dir', 'A256CBC-HS512', sha512],
  ] as const)('%s with %s: the left of the hash of that many bits', (algorithm, encryption, hex) => {
    expect(keyFromSecret('abc', algorithm, encryption).toString('hex')).toBe(hex);
  });

  it('hashes the octets of UTF-8', () => {
    expect(keyFromSecret('ä', 'A128KW', 'A128GCM')).not.toEqual(keyFromSecret('a', 'A128KW', 'A128GCM'));
  });
});
