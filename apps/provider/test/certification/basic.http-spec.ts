import { openidProfile } from './support/openid-profile';

describe('the profile Basic OP', () => openidProfile('code'));
