import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { notFound, OperationError } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { ClientsService } from '../clients.service.js';
import { mayReplaceSecret } from '../policy.js';

export interface RotateClientSecretInput {
  readonly id: string;
  /** How long the older secrets stay valid; 0 expires them now. */
  readonly overlapSeconds: number;
}

/** Creates a new secret for a client. */
@Injectable()
export class RotateClientSecret extends SimpleOperation<RotateClientSecretInput, string> {
  constructor(@Inject(ClientsService) private readonly clients: ClientsService) {
    super();
  }

  /** @returns the new secret, which is shown once */
  async perform(unit: Unit, actor: Actor, input: RotateClientSecretInput): Promise<OperationOutcome<string>> {
    const { id, overlapSeconds } = input;
    const client = await this.clients.lock(unit, id);
    if (!client) throw notFound('client');
    requireAllowed(actor, mayReplaceSecret(actor, client));
    const secret = await this.clients.rotateSecret(unit, client, overlapSeconds, actor.now);
    if (secret === undefined) throw new OperationError('conflict', 'This client has no secret.');
    return {
      result: secret,
      changes: [{ type: 'client.secret_rotated', clientId: id, details: { overlapSeconds } }],
    };
  }
}
