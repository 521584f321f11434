import { Command, Option } from '@commander-js/extra-typings';
import { jwsAlgorithms } from '@gatehouse/domain/jose';
import { resourceAccess, tokenFormats } from '@gatehouse/domain/oauth';
import { wholeNumber } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

export const resourceGroup = {
  name: 'resource',
  heading: 'APIs and trusted issuers:',
  description: 'Register APIs that access tokens are for (RFC 8707)',
  commands: {
    add: new Command()
      .description('Register an API')
      .requiredOption('--identifier <uri>', 'Its identifier: the audience of its tokens')
      .option('--name <name>', 'Name on the consent page (default: the identifier)')
      .option('--scope <scope...>', 'Scope, or SCOPE=SENTENCE with what the consent page says about it')
      .addOption(new Option('--token-format <format>', 'Format of access tokens').choices(tokenFormats).default('jwt'))
      .addOption(
        new Option('--signing-alg <algorithm>', 'Signature of access tokens').choices(jwsAlgorithms).default('ES256'),
      )
      .option(
        '--lifetime <seconds>',
        'Lifetime of access tokens (default: that of the server)',
        wholeNumber('a number of seconds', { min: 1, max: 31_536_000 }),
      )
      .addOption(
        new Option('--allow <who>', 'consent: clients with the consent of a user; anyone: also clients without a user')
          .choices(resourceAccess)
          .default('consent'),
      )
      .option('--credentials', 'Also create a client for the API itself, to introspect tokens with'),
    list: new Command().description('List APIs'),
    remove: new Command()
      .description('Remove an API')
      .requiredOption('--identifier <uri>', 'The identifier of the API'),
  },
} satisfies CommandGroup;
