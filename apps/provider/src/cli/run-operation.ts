import type { INestApplicationContext } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OperationError } from '../operations/operation-error.js';
import { Operations } from '../operations/operations.js';
import type { CommandContext } from './command.js';
import { Refused, WrongRecord } from './errors.js';

/** Runs operations as the command line. */
export function operationRunner(app: INestApplicationContext, now: EpochSeconds): CommandContext['execute'] {
  return async (type, input) => {
    try {
      return await app.get(Operations).execute(type, { kind: 'command-line', now }, input);
    } catch (error) {
      throw error instanceof OperationError ? refusalOf(error) : error;
    }
  };
}

function refusalOf({ code, sentence, problems }: OperationError): Error {
  if (code === 'changed') return new Refused('somebody else changed it at the same time: try again');
  if (code === 'not_found') return new WrongRecord('not_found', commandMessage(String(sentence)));
  if (problems.length > 0) return new Refused(problems.map(({ field, message }) => `${field}: ${message}`).join(' '));
  return new Refused(commandMessage(String(sentence)));
}

/** Messages of commands begin in lower case and have no full stop. */
function commandMessage(sentence: string): string {
  const text = sentence.charAt(0).toLowerCase() + sentence.slice(1);
  return text.replace(/\.$/, '');
}
