import { Command, Option } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';
import { roles } from '../../users/user.js';

const roleNames = roles.join(', ');
const username = ['--username <name>', 'Username of the account'] as const;

/** A command on one account. */
function onUser(description: string) {
  return new Command().description(description).requiredOption(...username);
}

export const userGroup = {
  name: 'user',
  heading: 'Accounts and sessions:',
  description: 'Create and change accounts',
  commands: {
    add: new Command()
      .description('Create an account; without a password, print a link to set one')
      .requiredOption('--username <name>', 'Username to sign in with')
      .option('--password-stdin', 'Read the password from standard input')
      .option('--name <name>', 'Full name')
      .option('--email <address>', 'E-mail address')
      .option('--email-verified', 'The e-mail address is known to be theirs')
      .option('--role <role...>', `One of ${roleNames} (default: user)`)
      .option(
        '--claim <name=value...>',
        'Standard claim: birthdate=1990-12-31, phone_number=+16045551234, address.locality=London, …',
      ),
    invite: new Command()
      .description('Print links to create an account, and mail them if a mail server is configured')
      .requiredOption('--email <address...>', 'E-mail address to invite')
      .addOption(new Option('--role <role...>', 'Role of the new account').choices(roles).default(['user'], 'user')),
    list: new Command()
      .description('List accounts')
      .option('--search <text>', 'Only accounts whose username, name or e-mail address contains this'),
    show: onUser('Show an account, its second factors and its sessions'),
    update: onUser('Change an account; what is not given stays as it is')
      .option('--new-username <name>', 'New username')
      .option('--name <name>', 'Full name; empty: none')
      .option('--email <address>', 'E-mail address; a new one is not verified; empty: none')
      .addOption(
        new Option('--email-verified', 'The e-mail address is known to be theirs').conflicts('emailUnverified'),
      )
      .option('--email-unverified', 'The e-mail address is not known to be theirs')
      .option('--role <role...>', `All roles of the account; of ${roleNames}`)
      .option('--claim <name=value...>', 'Standard claim, such as nickname=Ada; an empty value removes it'),
    'reset-password': onUser('Replace the password, and end all sessions and grants').option(
      '--password-stdin',
      'Read the new password from standard input; without it, print a link to set one',
    ),
    disable: onUser('Disable an account, and end its sessions and grants'),
    enable: onUser('Enable a disabled account'),
    link: onUser('Print a link to set the password'),
    'reset-mfa': onUser('Remove all second factors, and end sessions and grants'),
  },
} satisfies CommandGroup;
