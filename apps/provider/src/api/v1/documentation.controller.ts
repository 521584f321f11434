import { All, Controller, Get, Inject, Req, UseFilters } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { routes } from '../../web/routes.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { text, type Text } from '../../i18n/message.js';
import {
  OpenApi,
  signInSentences,
  type OpenApiDocument,
  type OpenApiOperation,
  type SignInRule,
} from './openapi.service.js';
import { ApiProblem, problemIds, titleOf } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** The documentation of the API: public, because it discloses no more than the source code. */
@Controller(routes.adminApi)
export class ApiDocumentation {
  constructor(
    @Inject(OpenApi) private readonly openApi: OpenApi,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Get('openapi.json')
  async document(): Promise<Reply> {
    return Reply.json(await this.openApi.read());
  }

  @Get('docs')
  async page(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const document = await this.openApi.read();
    return this.contexts.page(context, 'admin/api', {
      root: routes.adminApi,
      groups: groupsOf(document),
      signInRules: Object.entries(signInRules).map(([rule, label]) => ({
        label,
        sentence: signInSentences[rule as SignInRule],
      })),
      problems: problemIds.map((id) => ({ id, ...titleOf(id) })),
    });
  }
}

/** All other paths below the API's root result in a problem document. */
@Controller(routes.adminApi)
@UseFilters(ProblemFilter)
export class ApiRest {
  @All(['', '*rest'])
  rest(): never {
    throw new ApiProblem('not-found', 'There is nothing at this address.');
  }
}

const signInRules: Readonly<Record<SignInRule, Text>> = {
  always: text('apiDocs.signInAlways'),
  'by client': text('apiDocs.signInOfClient'),
  'by resource': text('apiDocs.signInOfResource'),
};

function groupsOf(document: OpenApiDocument): object[] {
  const groups = new Map<string, object[]>();
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? '';
      const rule = operation['x-recent-sign-in'];
      const shown = {
        method: method.toUpperCase(),
        path,
        summary: operation.summary,
        description: rule ? operation.description?.replace(signInSentences[rule], '').trim() : operation.description,
        signIn: rule && text(rule === 'always' ? 'apiDocs.signIn' : 'apiDocs.signInSome'),
        scope: Object.values(operation.security?.[0] ?? {})[0]?.[0],
        members: membersOf(operation, document),
        parameters: (operation.parameters ?? []).filter((each) => each.in === 'query'),
      };
      groups.set(tag, [...(groups.get(tag) ?? []), shown]);
    }
  return [...groups].map(([name, operations]) => ({
    id: name.toLowerCase().replaceAll(' ', '-'),
    name,
    operations,
    count: operations.length,
  }));
}

/** The members of the operation's request body. */
function membersOf(operation: OpenApiOperation, document: OpenApiDocument): object[] {
  const [content] = Object.values(operation.requestBody?.content ?? {});
  const schema = document.components.schemas[content?.schema.$ref.split('/').at(-1) ?? ''];
  return Object.entries(schema?.properties ?? {}).map(([name, { description }]) => ({
    name,
    description,
    isRequired: schema?.required?.includes(name) ?? false,
  }));
}
