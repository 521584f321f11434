import { Command } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';

export const keysGroup = {
  name: 'keys',
  heading: 'Keys, messages and audit log:',
  description: 'List and rotate the keys of the provider',
  commands: {
    list: new Command().description('List keys'),
    rotate: new Command()
      .description('Create new keys, which sign once clients have had time to fetch them')
      .option('--now', 'Sign with the new keys at once, for a key that is compromised'),
  },
} satisfies CommandGroup;
