import { refreshAllowed } from './authorized-grant.js';
import type { GrantTypeName } from './client.js';

describe('refreshAllowed (OpenID Connect Core 11)', () => {
  it.each<[readonly GrantTypeName[], readonly string[], boolean]>([
    [['authorization_code', 'refresh_token'], ['read'], true],
    [['authorization_code', 'refresh_token'], [], true],
    [['authorization_code', 'refresh_token'], ['openid', 'offline_access'], true],
    [['authorization_code', 'refresh_token'], ['openid', 'profile'], false],
    [['authorization_code'], ['read'], false],
    [['authorization_code'], ['openid', 'offline_access'], false],
  ])('grant types %j, scope %j: %s', (grantTypes, scope, expected) => {
    expect(refreshAllowed({ grantTypes }, scope)).toBe(expected);
  });
});
