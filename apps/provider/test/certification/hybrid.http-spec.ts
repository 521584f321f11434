import { openidProfile } from './support/openid-profile';

describe('the profile Hybrid OP', () => {
  openidProfile('code id_token');
  openidProfile('code token');
  openidProfile('code id_token token');
});
