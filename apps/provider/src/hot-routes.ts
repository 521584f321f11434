import type { INestApplication } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { HotRoute, ReplyAdapter } from '@gatehouse/server/web/express-adapter';
import { RefusedAccess } from './audit/refused-access.service.js';
import { AuthorizeController } from './authorization/authorize.controller.js';
import type { Core } from './core/core.module.js';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { OAuthErrorFilter } from './http/oauth-error.filter.js';
import { PageErrorFilter } from './http/page-error.filter.js';
import { routes } from './http/routes.js';
import { IntrospectionController } from './token/introspection.controller.js';
import { TokenController } from './token/token.controller.js';
import { UserinfoController } from './userinfo/userinfo.controller.js';

/**
 * The endpoints that programs call all the time, from the same table of routes and answered by the same methods as
 * through the router, their exception filters among them.
 */
export function hotRoutes(app: INestApplication, core: Core): readonly HotRoute[] {
  const host = app.get<HttpAdapterHost<ReplyAdapter>>(HttpAdapterHost);
  const protocol = new OAuthErrorFilter(host, core.log, core.counters);
  const pages = new PageErrorFilter(host, core.log, core.counters, app.get(RefusedAccess));
  const discovery = app.get(DiscoveryController);
  const authorize = app.get(AuthorizeController);
  const token = app.get(TokenController);
  const introspection = app.get(IntrospectionController);
  const userinfo = app.get(UserinfoController);
  const refuseJson: HotRoute['refuse'] = (error, request) => protocol.describe(error, request);
  const refusePage: HotRoute['refuse'] = (error, request) => pages.describe(error, request);
  return [
    {
      method: 'GET',
      path: routes.openidConfiguration,
      answer: () => discovery.openidConfiguration(),
      refuse: refusePage,
    },
    {
      method: 'GET',
      path: routes.authorizationServerMetadata,
      answer: () => discovery.authorizationServerMetadata(),
      refuse: refusePage,
    },
    { method: 'GET', path: routes.jwks, answer: () => discovery.jwks(), refuse: refusePage },
    { method: 'GET', path: routes.authorize, answer: (request) => authorize.authorize(request), refuse: refusePage },
    { method: 'POST', path: routes.token, answer: (request) => token.token(request), refuse: refuseJson },
    {
      method: 'POST',
      path: routes.introspect,
      answer: (request) => introspection.introspect(request),
      refuse: refuseJson,
    },
    { method: 'GET', path: routes.userinfo, answer: (request) => userinfo.getUserinfo(request), refuse: refuseJson },
    { method: 'GET', path: routes.me, answer: (request) => userinfo.me(request), refuse: refuseJson },
  ];
}
