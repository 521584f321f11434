import { Command } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';

export const storeGroup = {
  name: 'store',
  heading: 'Installation and database:',
  description: 'Move the database',
  commands: {
    'accept-issuer': new Command().description(
      'Accept the changed GATEHOUSE_ISSUER for this database, which ends the warnings about it',
    ),
  },
} satisfies CommandGroup;
