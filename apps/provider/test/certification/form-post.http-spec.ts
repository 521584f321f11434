import { openidProfile } from './support/openid-profile';

describe('the profile Form Post OP (Basic, Implicit, Hybrid)', () => {
  openidProfile('code', 'form_post');
  openidProfile('id_token token', 'form_post');
  openidProfile('code id_token token', 'form_post');
});
