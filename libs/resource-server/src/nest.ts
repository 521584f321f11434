import 'reflect-metadata';
import {
  createParamDecorator,
  HttpException,
  Injectable,
  SetMetadata,
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Access } from './access.js';
import { Refusal } from './refusal.js';
import { ResourceServer } from './resource-server.js';

const scopeKey = 'gatehouse:scope';
const accesses = new WeakMap<object, Access>();

/** The required scopes of a handler, or of all handlers of a controller. */
export const Scopes = (...scope: readonly string[]): CustomDecorator => SetMetadata(scopeKey, scope);

/** The validated access as a parameter of the handler. */
export const TokenAccess = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  accesses.get(context.switchToHttp().getRequest<Request>()),
);

/** Accepts requests with a token that has the scopes of {@link Scopes}. On Express, with `app.useGlobalGuards` or as a provider. */
@Injectable()
export class ResourceGuard implements CanActivate {
  constructor(private readonly server: ResourceServer) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const scope = scopeOf(context);
    try {
      const access = await this.server.check(
        {
          method: request.method,
          url: this.server.addressOf(request.originalUrl),
          authorization: request.headers.authorization,
          dpop: request.headersDistinct['dpop'],
        },
        scope,
      );
      accesses.set(request, access);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const challenges = this.server.challenges(error, scope);
      const response = context.switchToHttp().getResponse<Response>();
      if (challenges.length > 0) response.setHeader('WWW-Authenticate', challenges);
      response.setHeader('Cache-Control', 'no-store');
      throw new HttpException(this.server.body(error), error.status, { cause: error });
    }
  }
}

/** The scopes of the class and of the handler, which are all required. */
function scopeOf(context: ExecutionContext): readonly string[] {
  return [context.getClass(), context.getHandler()].flatMap((target): readonly string[] => {
    const scope: unknown = Reflect.getMetadata(scopeKey, target);
    return Array.isArray(scope) ? scope.filter((each) => typeof each === 'string') : [];
  });
}
