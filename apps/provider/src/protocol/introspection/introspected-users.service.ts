import { Inject, Injectable } from '@nestjs/common';
import { ClientsService } from '../../clients/clients.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { UsersService } from '../../users/users.service.js';

/** Identifies the user of an introspected token. */
@Injectable()
export class IntrospectedUsers {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Subjects) private readonly subjects: Subjects,
  ) {}

  /** The user as the token's client knows them; for a pairwise client a username would reveal the account. */
  async identify(
    clientId: string,
    userId: string | undefined,
  ): Promise<{ subject?: string; username?: string | undefined }> {
    if (userId === undefined) return {};
    const client = await this.clients.find(clientId);
    if (client?.subjectType === 'pairwise') return { subject: await this.subjects.of(client, userId) };
    return { subject: userId, username: await this.users.findName(userId) };
  }
}
