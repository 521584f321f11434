import { Command, Option } from '@commander-js/extra-typings';
import { wholeNumber } from '@gatehouse/platform/command-line';
import { clientStates } from '../../clients/client-sort-orders.js';
import { maxOverlapSeconds } from '../../clients/secret-overlap.js';
import type { CommandGroup } from '../command.js';
import { withClientProperties } from './client-property-options.js';

/** A command on one client. */
function onClient(description: string) {
  return new Command().description(description).requiredOption('--id <client-id>', 'The client');
}

export const clientGroup = {
  name: 'client',
  heading: 'Clients:',
  description: 'Register and change clients (applications)',
  commands: {
    add: withClientProperties(
      new Command()
        .description(
          'Register a client, and print its id and secret. Options take precedence over --metadata-file. Without an owner, --grant-type client_credentials implies --service-account.',
        )
        .summary('Register a client, and print its id and secret')
        .option('--owner <username>', 'Developer who may edit the client (default: administrators only)'),
      'register',
    ),
    update: withClientProperties(
      onClient(
        'Change a client; what is not given stays as it is. An empty value removes a property, as null does in --metadata-file. A new owner of a service account needs --service-account or --no-service-account.',
      )
        .summary('Change a client; what is not given stays as it is')
        .option('--owner <username>', 'Developer who may edit the client; empty: administrators only'),
      'update',
    ),
    list: new Command()
      .description('List clients')
      .option('--search <text>', 'Only clients whose name or id contains this')
      .addOption(new Option('--state <state>', 'Only clients in this state').choices(clientStates)),
    show: onClient('Show all properties of a client'),
    approve: onClient('Approve a client that registered itself'),
    restrict: onClient('Let a client have no new users until it is approved'),
    unrestrict: onClient('Lift the restriction of a client'),
    disable: onClient('Disable a client: it gets no tokens'),
    enable: onClient('Enable a disabled client'),
    'rotate-secret': onClient('Create a new secret, and print it').option(
      '--overlap <seconds>',
      'How long the old secret stays valid; 0 also ends the tokens that the client got for itself (default: GATEHOUSE_SECRET_OVERLAP_LIFETIME)',
      wholeNumber('a number of seconds', { min: 0, max: maxOverlapSeconds }),
    ),
    roles: onClient('List, or set, the roles that users have in this application')
      .option('--username <name>', 'Set the roles of this user; without it, list all users')
      .addOption(new Option('--role <role...>', 'All roles of the user').conflicts('none'))
      .option('--none', 'The user has no roles'),
    remove: onClient('Remove a client, and end its grants'),
  },
} satisfies CommandGroup;
