import { Inject, Injectable } from '@nestjs/common';
import type { AuthorizationRequest } from '@gatehouse/domain/oauth';
import { ResourcesService } from '../resources/resources.service.js';
import type { Sentence } from '../texts/text.js';
import { scopeSentence } from './scope-sentences.js';

export interface ConsentWords {
  readonly scopes: readonly { readonly name: string; readonly sentence: Sentence }[];
  /** The APIs that access is asked for, by the names that administrators gave them. */
  readonly apis: readonly { readonly name: string; readonly identifier: string }[];
}

/** What people are told of scopes and APIs: on the consent page, and of what they allowed. */
@Injectable()
export class ConsentTexts {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {}

  async of(request: Pick<AuthorizationRequest, 'scope' | 'resources'>): Promise<ConsentWords> {
    const all = await this.resources.all();
    const asked = all.filter(({ identifier }) => request.resources?.includes(identifier));
    // The same scope may stand at several APIs: those that are asked for know best what it means.
    const known = new Map(
      [...asked, ...all]
        .reverse()
        .flatMap((resource) => resource.scopes)
        .filter(({ sentence }) => sentence !== '')
        .map(({ name, sentence }) => [name, sentence]),
    );
    return {
      scopes: request.scope.map((name) => ({ name, sentence: known.get(name) ?? scopeSentence(name) })),
      apis: asked.map(({ name, identifier }) => ({ name, identifier })),
    };
  }
}
