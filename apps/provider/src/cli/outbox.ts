import { messageRepresentation } from '../outbox/message-representation.js';
import { RetryMessages } from '../outbox/operations/retry-messages.js';
import { Outbox } from '../outbox/outbox.service.js';
import { table, type Command } from './command.js';
import { UsageError, WrongRecord } from './usage.js';

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;

/** More than anybody reads; the figures of the metrics count all. */
const maxListed = 1000;

const at = (instant: number | undefined): string =>
  instant === undefined ? '-' : new Date(instant * 1000).toISOString();

const list: Command = {
  name: 'outbox list',
  options: { failed: flag },
  run: async ({ app, options }) => {
    const outbox = app.get(Outbox);
    const messages = await outbox.list({ failedOnly: options.has('failed'), limit: maxListed });
    const { waiting, failed } = await outbox.backlog();
    return {
      json: { waiting, given_up: failed, messages: messages.map(messageRepresentation) },
      text: table(
        ['ID', 'KIND', 'DESTINATION', 'STATE', 'ATTEMPTS', 'WRITTEN', 'NEXT ATTEMPT', 'LAST FAILURE'],
        messages.map((message) => [
          String(message.selector),
          message.kind,
          message.destination,
          message.state,
          String(message.attempts),
          at(message.createdAt),
          at(message.dueAt),
          message.lastFailure ?? '',
        ]),
      ),
    };
  },
};

const retry: Command = {
  name: 'outbox retry',
  options: { id: text, failed: flag },
  run: async ({ app, execute, options }) => {
    const outbox = app.get(Outbox);
    const id = options.one('id');
    if ((id === undefined) === !options.has('failed'))
      throw new UsageError('name one message by --id, or say --failed');
    if (id !== undefined && !/^\d{1,16}$/.test(id)) throw new UsageError('--id is a number');
    const selectors =
      id === undefined
        ? (await outbox.list({ failedOnly: true, limit: maxListed })).map(({ selector }) => selector)
        : [Number(id)];
    const { retried: count } = await execute(RetryMessages, { selectors });
    if (id !== undefined && count === 0) throw new WrongRecord('not_found', `no message ${id} waits or was given up`);
    return { json: { retried: count }, text: `${count} ${count === 1 ? 'message' : 'messages'} will be sent again` };
  },
};

export const outboxCommands: readonly Command[] = [list, retry];
