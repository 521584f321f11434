import { Module } from '@nestjs/common';
import { ClientResolverModule } from '../../clients/resolver/client-resolver.module.js';
import { ConsentsModule } from '../../consents/consents.module.js';
import { DeviceAuthorizationController } from './device-authorization.controller.js';
import { ClientsModule } from '../../clients/clients.module.js';
import { DpopModule } from '../dpop/dpop.module.js';
import { FactorsModule } from '../../users/factors/factors.module.js';
import { GrantsModule } from '../../grants/grants.module.js';
import { TokensModule } from '../../tokens/tokens.module.js';
import { KeysModule } from '../../keys/keys.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { SessionsModule } from '../../users/sessions/sessions.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AuthorizationResponder } from './authorization-responder.service.js';
import { AuthorizationResponses } from './authorization-responses.service.js';
import { AuthorizeController } from './authorize.controller.js';
import { AuthorizationCodes } from './authorization-codes.service.js';
import { DeclinedRequests } from './declined-requests.service.js';
import { DeviceResponder } from './device-responder.service.js';
import { DeviceAuthorizations } from './device-authorizations.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { Interactions } from './interactions.service.js';
import { PushedRequestController } from './par.controller.js';
import { ErrorResponses } from './error-responses.service.js';
import { PushedRequests } from './pushed-requests.service.js';
import { RequestChecks } from './request-checks.service.js';
import { RequestObjectFetches } from './request-object-fetches.js';
import { RequestObjects } from './request-objects.service.js';
import { SessionStates } from './session-states.service.js';

/**
 * Owns: the authorization endpoint, pushed requests, interactions, authorization codes, device authorizations (RFC 8628).
 * Endpoints: GET and POST /oauth/authorize, GET /oauth/authorize/:id (the dispatcher), POST /oauth/par.
 * Invariant: a page never redirects to another page: it redirects to the dispatcher, where `nextStep` alone decides what comes next.
 * Must not know: what the pages look like, or how a user authenticates.
 */
@Module({
  imports: [
    DpopModule,
    ProtocolModule,
    KeysModule,
    SessionsModule,
    UsersModule,
    FactorsModule,
    ResourcesModule,
    ClientsModule,
    ClientResolverModule,
    ConsentsModule,
    GrantsModule,
    TokensModule,
  ],
  controllers: [AuthorizeController, PushedRequestController, DeviceAuthorizationController],
  providers: [
    Dispatcher,
    AuthorizationResponder,
    AuthorizationResponses,
    DeclinedRequests,
    ErrorResponses,
    DeviceResponder,
    DeviceAuthorizations,
    Interactions,
    PushedRequests,
    AuthorizationCodes,
    RequestChecks,
    RequestObjects,
    RequestObjectFetches,
    SessionStates,
  ],
  exports: [Dispatcher, DeclinedRequests, Interactions, PushedRequests, AuthorizationCodes, DeviceAuthorizations],
})
export class AuthorizationModule {}
