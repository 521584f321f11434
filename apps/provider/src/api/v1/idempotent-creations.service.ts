import { createHash } from 'node:crypto';
import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import { header, pathOf } from '@gatehouse/platform/http/request';
import type { Operation } from '../../operations/operation.js';
import { OperationError } from '../../operations/operation-error.js';
import { Operations } from '../../operations/operations.js';
import { IdempotentResponses } from '../../replay/idempotent-responses.service.js';
import type { Call } from './call.js';
import { ApiProblem } from './problem.js';

/** The response to a creation, and the location of the resource. */
export interface Created {
  readonly body: object;
  readonly location?: string;
}

/** Another call with the same key committed first: this one is rolled back. */
class KeyTaken extends Error {}

/**
 * Runs a creation once per `Idempotency-Key`: a client that repeats the request, because the response was lost, gets that
 * response.
 * @see draft-ietf-httpapi-idempotency-key-header
 */
@Injectable()
export class IdempotentCreations {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(IdempotentResponses) private readonly responses: IdempotentResponses,
  ) {}

  /**
   * Executes an operation that creates something.
   * @throws ApiProblem invalid, key-reused; OperationError
   */
  async execute<Input, Result, Prepared>(
    { call, bytes }: { readonly call: Call; readonly bytes: Buffer },
    type: Type<Operation<Input, Result, Prepared>>,
    input: Input,
    represent: (result: Result) => Created,
  ): Promise<Reply> {
    return this.once(call, bytes, async (store) => {
      const result = await this.operations.execute(type, call.actor, input, {
        alsoInUnit: (unit, created) => store(unit, represent(created)),
      });
      return represent(result);
    });
  }

  /** @param create creates something, and stores the response in the same unit of work */
  private async once(
    call: Call,
    bytes: Buffer,
    create: (store: (unit: Unit, created: Created) => Promise<void>) => Promise<Created>,
  ): Promise<Reply> {
    const key = header(call.request, 'idempotency-key');
    if (key === undefined) return replyOf(201, JSON.stringify(await create(() => Promise.resolve())), false);
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new ApiProblem('invalid', 'The Idempotency-Key has 1 to 255 printable ASCII characters.');
    const id = hashOf(JSON.stringify([call.clientId, call.personId, pathOf(call.request), key])).toString('hex');
    const before = await this.find(id, bytes, call.now);
    if (before) return before;
    try {
      const response = await create(async (unit, created) => {
        const stored = {
          fingerprint: this.responses.fingerprintOf(bytes),
          status: 201,
          answer: JSON.stringify(created),
        };
        if (!(await this.responses.keep(unit, id, stored, call.now))) throw new KeyTaken();
      });
      return replyOf(201, JSON.stringify(response), false);
    } catch (error) {
      // The first call with the key may have created it concurrently: both calls get the response of the first.
      const mayBeDuplicate = error instanceof KeyTaken || error instanceof OperationError;
      const first = mayBeDuplicate ? await this.find(id, bytes, call.now) : undefined;
      if (first) return first;
      throw error;
    }
  }

  private async find(id: string, bytes: Buffer, now: EpochSeconds): Promise<Reply | undefined> {
    const stored = await this.responses.find(id, now);
    if (!stored) return undefined;
    if (!this.responses.isOf(stored, bytes))
      throw new ApiProblem('key-reused', 'This key was used with another body before. Use a new key.');
    return replyOf(stored.status, stored.answer, true);
  }
}

function replyOf(status: number, serialized: string, replayed: boolean): Reply {
  // Written by JSON.stringify of a Created.
  const { body, location } = JSON.parse(serialized) as Created;
  return Reply.json(body, {
    status,
    headers: {
      ...(location === undefined ? {} : { Location: location }),
      ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
    },
  });
}

function hashOf(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}
