import { ClientsApi } from './clients/clients.api.js';
import { IssuersApi } from './trusted-issuers/issuers.api.js';
import { GrantsApi, SessionsApi, TokensApi } from './grants/grants.api.js';
import { InvitationsApi, RolesApi } from './users/invitations.api.js';
import { ResourcesApi } from './resources/resources.api.js';
import { AuditEventsApi, KeysApi, MessagesApi, RegistrationTokensApi } from './server/server.api.js';
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
  AuditEventsApi,
];
