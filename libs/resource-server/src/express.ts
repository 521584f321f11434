import type { RequestHandler } from 'express';
import type { Access } from './access.js';
import { Refusal } from './refusal.js';
import type { ResourceServer } from './resource-server.js';

const accesses = new WeakMap<object, Access>();

/** Serves the protected resource metadata (RFC 9728 3): `app.use(metadata(server))` before all other middleware. */
export function metadata(server: ResourceServer): RequestHandler {
  return (request, response, next) => {
    if (request.path !== server.metadataPath || (request.method !== 'GET' && request.method !== 'HEAD')) return next();
    // Browser applications must be able to fetch it.
    response
      .set('Access-Control-Allow-Origin', '*')
      .set('Cache-Control', 'public, max-age=300')
      .json(server.metadata());
  };
}

/** Accepts requests with a token that has these scopes, and responds to all others with a challenge. */
export function protect(server: ResourceServer, ...scope: readonly string[]): RequestHandler {
  return async (request, response, next) => {
    let access: Access;
    try {
      access = await server.check(
        {
          method: request.method,
          url: server.addressOf(request.originalUrl),
          authorization: request.headers.authorization,
          dpop: request.headersDistinct['dpop'],
        },
        scope,
      );
    } catch (error) {
      if (!(error instanceof Refusal)) return next(error);
      const challenges = server.challenges(error, scope);
      if (challenges.length > 0) response.setHeader('WWW-Authenticate', challenges);
      response.status(error.status).set('Cache-Control', 'no-store').json(server.body(error));
      return;
    }
    accesses.set(request, access);
    next();
  };
}

/** The access that {@link protect} validated. @throws Error without protect() on the route */
export function accessOf(request: object): Access {
  const access = accesses.get(request);
  if (!access) throw new Error('no validated access: add protect() to the route of this request');
  return access;
}
