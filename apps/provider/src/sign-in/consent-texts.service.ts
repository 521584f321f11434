import { Inject, Injectable } from '@nestjs/common';
import type { AllowedScopes, Resource } from '@gatehouse/domain/oauth';
import { ResourcesService } from '../resources/resources.service.js';
import type { Message } from '../i18n/message.js';
import { scopeSentence } from './scope-sentences.js';

/** One permission as the user sees it. */
export interface Permission {
  readonly name: string;
  readonly sentence: Message;
}

/** Permissions as the user sees them, grouped by where they apply. */
export interface Permissions {
  /** At this server itself. */
  readonly server: readonly Permission[];
  /** At each API, as its administrator described them. */
  readonly apis: readonly {
    readonly name: string;
    readonly identifier: string;
    readonly permissions: readonly Permission[];
  }[];
  /** Scopes that none of these APIs defines. */
  readonly others: readonly Permission[];
}

/** Describes scopes to users: on the consent page, and in the list of what they have allowed. */
@Injectable()
export class ConsentTexts {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {}

  async of({ scope, resourceScopes }: AllowedScopes): Promise<Permissions> {
    const all = await this.resources.all();
    const apis = all.flatMap(({ name, identifier, scopes }) => {
      const allowed = resourceScopes.get(identifier);
      if (!allowed) return [];
      const defined = scopes.filter((each) => allowed.includes(each.name));
      return [{ name, identifier, permissions: defined.map(permissionOf) }];
    });
    const listed = new Set([...scope, ...apis.flatMap(({ permissions }) => permissions.map(({ name }) => name))]);
    const others = [...new Set([...resourceScopes.values()].flat())].filter((name) => !listed.has(name));
    return {
      server: scope.flatMap((name) => describe(name, all)),
      apis,
      others: others.flatMap((name) => describe(name, all)),
    };
  }
}

function permissionOf({ name, sentence }: Resource['scopes'][number]): Permission {
  return { name, sentence: sentence === '' ? scopeSentence(name) : sentence };
}

/** A scope that none of the requested APIs defines: with its meanings at all APIs, because the client may use it there. */
function describe(name: string, all: readonly Resource[]): Permission[] {
  const sentences = all
    .flatMap(({ scopes }) => scopes)
    .filter((each) => each.name === name && each.sentence !== '')
    .map(({ sentence }) => sentence);
  return sentences.length === 0
    ? [{ name, sentence: scopeSentence(name) }]
    : [...new Set(sentences)].map((sentence) => ({ name, sentence }));
}
