import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { PageError } from '../web/page-error.js';
import { routes } from '../web/routes.js';
import { ResourcesService } from '../resources/resources.service.js';
import { PageOperations } from '../users/page-operations.service.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { ClientPages } from './client-pages.service.js';
import { CreateResourceCredentials } from './operations/create-resource-credentials.js';

/** Creates the credentials of an API, from its page. Part of this module because the credentials are a client. */
@Controller(`${routes.resources}/credentials`)
export class ResourceCredentialsController {
  constructor(
    @Inject(PageOperations) private readonly operations: PageOperations,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(ClientPages) private readonly pages: ClientPages,
  ) {}

  /** The target of the redirect after a required sign-in. */
  @Get(':id')
  back(@Req() request: WebRequest): Reply {
    return Reply.redirect(`${routes.resources}/update/${encodeURIComponent(request.params['id'] ?? '')}`);
  }

  @Post(':id')
  async create(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.requireUser(request);
    this.contexts.requireRole(context, 'admin');
    const id = request.params['id'] ?? '';
    const resource = id.length <= 200 ? await this.resources.findFresh(id) : undefined;
    if (!resource) throw new PageError('record.not_found');
    const back = `${routes.resources}/update/${resource.id}`;
    if (refusal) return Reply.redirect(`${back}?done=refused`, { cookies: context.cookies });
    const created = await this.operations.execute(
      CreateResourceCredentials,
      { resourceId: resource.id },
      { context, form },
    );
    // The API already has credentials: the page shows them.
    if ('refusal' in created) return Reply.redirect(back, { cookies: context.cookies });
    const { client, secret } = created.result;
    return this.pages.showResourceCredentials(context, resource, client, secret);
  }
}
