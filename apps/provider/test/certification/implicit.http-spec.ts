import { openidProfile } from './support/openid-profile';

describe('the profile Implicit OP', () => {
  openidProfile('id_token');
  openidProfile('id_token token');
});
