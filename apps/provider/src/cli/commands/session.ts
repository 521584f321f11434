import { Command } from '@commander-js/extra-typings';
import { requireOneOf } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

export const sessionGroup = {
  name: 'session',
  heading: 'Accounts and sessions:',
  description: 'List and end sessions',
  commands: {
    list: new Command()
      .description('List sessions: browsers that users are signed in with')
      .option('--username <name>', 'Only sessions of this user'),
    end: requireOneOf(
      new Command()
        .description('End one session, or all sessions of a user')
        .option('--id <id>', 'The session to end')
        .option('--username <name>', 'The user whose sessions to end'),
      '--id',
      '--username',
    ),
  },
} satisfies CommandGroup;
