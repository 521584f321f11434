import { Command, Option } from '@commander-js/extra-typings';
import { subjectKinds } from '@gatehouse/domain/oauth';
import type { CommandGroup } from '../command.js';

export const issuerGroup = {
  name: 'issuer',
  heading: 'APIs and trusted issuers:',
  description: 'Trust other servers, whose assertions are exchanged for access tokens (RFC 7523)',
  commands: {
    add: new Command()
      .description('Trust an issuer')
      .requiredOption('--issuer <issuer>', 'Its issuer identifier')
      .option('--name <name>', 'Name for people (default: the issuer identifier)')
      .addOption(new Option('--jwks-uri <uri>', 'URL of its public keys').conflicts('jwksFile'))
      .option('--jwks-file <file>', 'File with its public keys (JSON)')
      .addOption(
        new Option('--subject <kind>', 'How the sub of an assertion identifies a user')
          .choices(subjectKinds)
          .default('email' as const),
      )
      .option('--client <client-id...>', 'Client that may present its assertions')
      .option('--scope <scope...>', 'Scope that its assertions can be exchanged for')
      .option('--resource <identifier...>', 'API that tokens may be for'),
    list: new Command().description('List trusted issuers'),
    remove: new Command()
      .description('Stop trusting an issuer')
      .requiredOption('--issuer <issuer>', 'Its issuer identifier'),
  },
} satisfies CommandGroup;
