import { AuditEventsApi } from './audit-events/audit-events.api.js';
import { ClientsApi } from './clients/clients.api.js';
import { GrantsApi } from './grants/grants.api.js';
import { InvitationsApi } from './invitations/invitations.api.js';
import { IssuersApi } from './trusted-issuers/issuers.api.js';
import { KeysApi } from './keys/keys.api.js';
import { MessagesApi } from './messages/messages.api.js';
import { RegistrationTokensApi } from './registration-tokens/registration-tokens.api.js';
import { ResourcesApi } from './resources/resources.api.js';
import { RolesApi } from './roles/roles.api.js';
import { SessionsApi } from './sessions/sessions.api.js';
import { SettingsApi } from './settings/settings.api.js';
import { TokensApi } from './tokens/tokens.api.js';
import { UsersApi } from './users/users.api.js';

/** All controllers of the API; the OpenAPI document describes exactly these. */
export const apiControllers = [
  UsersApi,
  InvitationsApi,
  RolesApi,
  ClientsApi,
  RegistrationTokensApi,
  ResourcesApi,
  IssuersApi,
  GrantsApi,
  TokensApi,
  SessionsApi,
  KeysApi,
  MessagesApi,
  SettingsApi,
  AuditEventsApi,
];
