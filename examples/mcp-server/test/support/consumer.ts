import { Controller, Get, UseGuards } from '@nestjs/common';
import { accessOf, metadata, protect } from '@gatehouse/resource-server/express';
import { ResourceGuard, Scopes, TokenAccess } from '@gatehouse/resource-server/nest';
import {
  Refusal,
  ResourceServer,
  type Access,
  type ReplayCheck,
  type ResourceServerOptions,
} from '@gatehouse/resource-server/resource-server';
import express, { type Express } from 'express';

// Compiled against the installed package, never run: the code of applications with Express and with NestJS.

const replayCheck: ReplayCheck = () => true;
const options: ResourceServerOptions = {
  resource: 'https://api.example/notes',
  issuer: 'https://login.example',
  dpop: 'required',
  replayCheck,
};
const server = new ResourceServer(options);

export function application(): Express {
  const app = express();
  app.use(metadata(server));
  app.get('/notes', protect(server, 'notes:read'), (request, response) => {
    const access: Access = accessOf(request);
    const scope: readonly string[] = access.scope;
    response.json({ subject: access.subject ?? null, scope });
  });
  return app;
}

@Controller('notes')
@UseGuards(new ResourceGuard(server))
export class NotesController {
  @Get()
  @Scopes('notes:read')
  list(@TokenAccess() access: Access): string | undefined {
    return access.clientId;
  }
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof Refusal && error.status === 503;
}

// @ts-expect-error: an issuer is required
export const incomplete = new ResourceServer({ resource: 'https://api.example/notes' });
// @ts-expect-error: 'optional' is not a value
export const misspelt: ResourceServerOptions = { ...options, dpop: 'optional' };
