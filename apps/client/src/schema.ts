import { LoginFlowEntity } from './login/login-flow.entity.js';
import { AdminSessionEntity } from './providers/admin-session.entity.js';
import { PasswordFailureEntity } from './providers/password-failure.entity.js';
import { ProviderEntity } from './providers/provider.entity.js';
import { SessionEntity } from './session/session.entity.js';
import { UsedLogoutTokenEntity } from './logout/used-logout-token.entity.js';
import { ClientBaseline1795900000000 } from './database/migrations/20261128-baseline.js';
import { IdTokenAlgorithm1795950000302 } from './database/migrations/20261129-id-token-algorithm.js';

/** All tables of the client's database; a test checks that entities and migrations agree. */
export const entities = [
  ProviderEntity,
  LoginFlowEntity,
  SessionEntity,
  AdminSessionEntity,
  PasswordFailureEntity,
  UsedLogoutTokenEntity,
];

/** In execution order. */
export const migrations = [ClientBaseline1795900000000, IdTokenAlgorithm1795950000302];
