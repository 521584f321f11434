import { Command } from '@commander-js/extra-typings';
import { matching, requireOneOf } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

export const outboxGroup = {
  name: 'outbox',
  heading: 'Keys, messages and audit log:',
  description: 'Messages that wait to be delivered: mail, back-channel logout',
  commands: {
    list: new Command()
      .description('List messages that wait or failed')
      .option('--failed', 'Only those that are not tried again'),
    retry: requireOneOf(
      new Command()
        .description('Send messages again')
        .option('--id <number>', 'The message', matching(/^\d{1,16}$/, 'the number of a message'))
        .option('--failed', 'All messages that are not tried again'),
      '--id',
      '--failed',
    ),
  },
} satisfies CommandGroup;
