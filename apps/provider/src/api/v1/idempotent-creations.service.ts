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

/** What a creation made, and where it is. */
export interface Created {
  readonly body: object;
  readonly location?: string;
}

/** Another call with the same key came first: this one is undone. */
class KeyTaken extends Error {}

/**
 * Runs creations once for each `Idempotency-Key`: who asks again, because the answer was lost, gets that answer.
 * @see draft-ietf-httpapi-idempotency-key-header
 */
@Injectable()
export class IdempotentCreations {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(IdempotentResponses) private readonly answers: IdempotentResponses,
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
    return this.once(call, bytes, async (keep) => {
      const result = await this.operations.execute(type, call.actor, input, {
        alsoInUnit: (unit, made) => keep(unit, represent(made)),
      });
      return represent(result);
    });
  }

  /** @param create creates something, and keeps the answer in the same unit */
  private async once(
    call: Call,
    bytes: Buffer,
    create: (keep: (unit: Unit, made: Created) => Promise<void>) => Promise<Created>,
  ): Promise<Reply> {
    const key = header(call.request, 'idempotency-key');
    if (key === undefined) return replyOf(201, JSON.stringify(await create(() => Promise.resolve())), false);
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new ApiProblem('invalid', 'The Idempotency-Key has 1 to 255 printable ASCII characters.');
    const id = hashOf(JSON.stringify([call.clientId, call.personId, pathOf(call.request), key])).toString('hex');
    const before = await this.find(id, bytes, call.now);
    if (before) return before;
    try {
      const made = await create(async (unit, created) => {
        const answer = JSON.stringify(created);
        const kept = { fingerprint: this.answers.fingerprintOf(bytes), status: 201, answer };
        if (!(await this.answers.keep(unit, id, kept, call.now))) throw new KeyTaken();
      });
      return replyOf(201, JSON.stringify(made), false);
    } catch (error) {
      // Refused because the first call with the key created it meanwhile: both calls get the first one's response.
      const isLate = error instanceof KeyTaken || error instanceof OperationError;
      const first = isLate ? await this.find(id, bytes, call.now) : undefined;
      if (first) return first;
      throw error;
    }
  }

  private async find(id: string, bytes: Buffer, now: EpochSeconds): Promise<Reply | undefined> {
    const kept = await this.answers.find(id, now);
    if (!kept) return undefined;
    if (!this.answers.isOf(kept, bytes))
      throw new ApiProblem('key-reused', 'This key was sent with another body before: choose a new one.');
    return replyOf(kept.status, kept.answer, true);
  }
}

function replyOf(status: number, made: string, again: boolean): Reply {
  // Written by JSON.stringify of a Created.
  const { body, location } = JSON.parse(made) as Created;
  return Reply.json(body, {
    status,
    headers: {
      ...(location === undefined ? {} : { Location: location }),
      ...(again ? { 'Idempotent-Replayed': 'true' } : {}),
    },
  });
}

function hashOf(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}
