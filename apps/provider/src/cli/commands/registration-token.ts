import { Command } from '@commander-js/extra-typings';
import { matching, wholeNumber } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

const limits = { min: 1, max: 999_999_999 } as const;

export const registrationTokenGroup = {
  name: 'registration-token',
  heading: 'Clients:',
  description: 'Initial access tokens: they allow dynamic client registration (RFC 7591)',
  commands: {
    add: new Command()
      .description('Create an initial access token, which lets others register clients')
      .option(
        '--name <name>',
        'Name, to recognize it by',
        matching(/^[^\p{Cc}\p{Cf}\p{Cs}]{0,200}$/u, 'at most 200 characters, without control characters'),
      )
      .option('--uses <count>', 'Number of clients (default: no limit)', wholeNumber('a number', limits))
      .option('--lifetime <seconds>', 'Lifetime (default: no limit)', wholeNumber('a number of seconds', limits))
      .option('--approve', 'Clients that register with it are approved at once'),
    list: new Command().description('List initial access tokens'),
    remove: new Command()
      .description('Remove an initial access token; its clients stay')
      .requiredOption('--id <id>', 'The initial access token'),
  },
} satisfies CommandGroup;
