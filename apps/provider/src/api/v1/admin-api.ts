import { applyDecorators, Controller, createParamDecorator, UseFilters, UseGuards } from '@nestjs/common';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../../web/routes.js';
import { AccessGuard } from './access.guard.js';
import { callOf, type Call } from './call.js';
import { ProblemFilter } from './problem.filter.js';

/** A controller of the API, with access control for all of its methods. */
export function AdminApi(path: string): ClassDecorator {
  return applyDecorators(Controller(`${routes.adminApi}/${path}`), UseGuards(AccessGuard), UseFilters(ProblemFilter));
}

/** The call that the guard admitted. */
export const ApiCall = createParamDecorator<unknown, Call>((_data, context) =>
  callOf(context.switchToHttp().getRequest<WebRequest>()),
);
