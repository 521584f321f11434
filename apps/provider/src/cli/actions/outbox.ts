import { messageRepresentation } from '../../outbox/message-representation.js';
import { RetryMessages } from '../../outbox/operations/retry-messages.js';
import { Outbox } from '../../outbox/outbox.service.js';
import { isoTime, table, type ApplicationActions } from '../command.js';
import type { outboxGroup } from '../commands/outbox.js';
import { WrongRecord } from '../errors.js';

/** The metrics count all. */
const maxListed = 1000;

export const outboxActions: ApplicationActions<typeof outboxGroup> = {
  list: async ({ app }, { failed: failedOnly = false }) => {
    const outbox = app.get(Outbox);
    const messages = await outbox.list({ failedOnly, limit: maxListed });
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
          isoTime(message.createdAt),
          isoTime(message.dueAt),
          message.lastFailure ?? '',
        ]),
      ),
    };
  },

  retry: async ({ app, execute }, { id }) => {
    const selectors =
      id === undefined
        ? (await app.get(Outbox).list({ failedOnly: true, limit: maxListed })).map(({ selector }) => selector)
        : [Number(id)];
    const { retried } = await execute(RetryMessages, { selectors });
    if (id !== undefined && retried === 0)
      throw new WrongRecord('not_found', `there is no message ${id} that waits or failed`);
    return { json: { retried }, text: `${retried} ${retried === 1 ? 'message' : 'messages'} will be sent again` };
  },
};
