import { loosenedMembers, withHardeningOf, type ClientHardening } from './client-hardening.js';

const hardened: ClientHardening = {
  dpopBoundAccessTokens: true,
  requirePushedAuthorizationRequests: true,
  requireSignedRequestObject: true,
  refreshTokenRotation: 'always',
};
const flags = ['dpopBoundAccessTokens', 'requirePushedAuthorizationRequests', 'requireSignedRequestObject'] as const;

describe('loosenedMembers', () => {
  it('is empty where nothing changes', () => {
    expect(loosenedMembers(hardened, hardened)).toEqual([]);
    expect(loosenedMembers({}, {})).toEqual([]);
  });

  it('is empty where an update tightens', () => {
    expect(loosenedMembers({}, hardened)).toEqual([]);
    expect(loosenedMembers({ refreshTokenRotation: 'never' }, { refreshTokenRotation: 'default' })).toEqual([]);
  });

  it.each(flags)('names %s where it is set to false or left out', (flag) => {
    expect(loosenedMembers(hardened, { ...hardened, [flag]: false })).toEqual([flag]);
    expect(loosenedMembers(hardened, { ...hardened, [flag]: undefined })).toEqual([flag]);
  });

  it.each(['default', 'never', undefined] as const)('names the rotation that goes from always to %s', (rotation) => {
    expect(loosenedMembers(hardened, { ...hardened, refreshTokenRotation: rotation })).toEqual([
      'refreshTokenRotation',
    ]);
  });

  it('names PKCE where it is not required any more', () => {
    expect(loosenedMembers({ pkceRequired: true }, { pkceRequired: false })).toEqual(['pkceRequired']);
    expect(loosenedMembers({ pkceRequired: true }, {})).toEqual([]);
    expect(loosenedMembers({ pkceRequired: false }, { pkceRequired: true })).toEqual([]);
  });

  it('names everything that an update without these members drops (RFC 7592 2.2)', () => {
    expect(loosenedMembers(hardened, {})).toEqual([...flags, 'refreshTokenRotation']);
  });
});

describe('withHardeningOf', () => {
  it('puts back what would be dropped, and keeps everything else', () => {
    expect(withHardeningOf(hardened, { name: 'An agent', dpopBoundAccessTokens: false })).toEqual({
      ...hardened,
      name: 'An agent',
    });
  });

  it('changes nothing where nothing is dropped', () => {
    expect(withHardeningOf({}, hardened)).toEqual(hardened);
    expect(withHardeningOf({ refreshTokenRotation: 'never' }, { refreshTokenRotation: 'default' })).toEqual({
      refreshTokenRotation: 'default',
    });
  });
});
