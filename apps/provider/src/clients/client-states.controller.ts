import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Store, type Unit } from '@gatehouse/server/database/store';
import type { Form } from '@gatehouse/server/web/form';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { PageError } from '../http/page-error.js';
import { unlessChanged } from '../http/revision.js';
import { routes } from '../http/routes.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { ClientStates } from './client-states.service.js';
import { clientStates } from './client-orders.js';

const mostAtOnce = 100;

const actions = ['approve', 'limit', 'unlimit', 'disable', 'enable'] as const;
type Action = (typeof actions)[number];

interface Decision {
  readonly action: Action;
  readonly id: string;
  /** The revision of the client that the page showed. */
  readonly seen: string | undefined;
}

/** What only takes rights away is done at once, so that a client can be stopped without delay. */
function restricts(form: Form): boolean {
  return ['limit', 'disable'].includes(form.text('action'));
}

/** What administrators decide about clients that are there: approve, switch off and on; one, or many of the list. */
@Controller(routes.clients)
export class ClientStatesController {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientStates) private readonly states: ClientStates,
  ) {}

  /** Of the list: every client that is ticked. */
  @Post()
  async many(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    const state = clientStates.find((each) => each === form.get('state'));
    const list = `${routes.clients}?${state === undefined ? '' : `state=${state}&`}`;
    // A list has nothing that was typed: it is shown afresh.
    if (refusal) return Reply.redirect(`${list}done=refused`, { cookies: visit.cookies });
    const action = actionOf(form);
    if (!restricts(form)) await this.visits.requireRecentSignIn(visit, form);
    const ids = [...new Set(form.all('id'))].slice(0, mostAtOnce).sort();
    const outdated = await this.store.run(async (unit) => {
      const left: string[] = [];
      for (const id of ids) {
        const outcome = await this.decide(unit, visit, { action, id, seen: form.get(`revision:${id}`) });
        if (outcome === 'outdated') left.push(id);
      }
      return left;
    });
    const done = ids.length === 0 ? 'none' : outdated.length > 0 ? 'some-outdated' : 'changed';
    return Reply.redirect(`${list}done=${done}`, { cookies: visit.cookies });
  }

  /** Somebody who had to log in again first comes back here with GET. */
  @Get('state/:id')
  async backToClient(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.openFor(request);
    return Reply.redirect(this.pageOf(request), { cookies: visit.cookies });
  }

  @Post('state/:id')
  async one(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.openFor(request);
    if (refusal) return Reply.redirect(`${this.pageOf(request)}?done=refused`, { cookies: visit.cookies });
    const action = actionOf(form);
    if (!restricts(form)) await this.visits.requireRecentSignIn(visit, form);
    const id = request.params['id'] ?? '';
    const outcome = await this.store.run((unit) =>
      this.decide(unit, visit, { action, id, seen: form.get('revision') }),
    );
    return Reply.redirect(`${this.pageOf(request)}?done=${outcome === 'done' ? 'changed' : 'outdated'}`, {
      cookies: visit.cookies,
    });
  }

  private pageOf(request: WebRequest): string {
    return `${routes.clients}/update/${encodeURIComponent(request.params['id'] ?? '')}`;
  }

  private async decide(
    unit: Unit,
    visit: UserVisit,
    { action, id, seen = '' }: Decision,
  ): Promise<'done' | 'outdated'> {
    const actor = actorOf(visit);
    if (action !== 'approve') {
      await this.states[action](unit, id, actor, visit.now);
      return 'done';
    }
    // A form without a revision shows no client: nothing can be approved by it.
    const outcome = await unlessChanged(() => this.states.approve(unit, id, actor, visit.now, { seen }));
    return outcome === 'changed' ? 'outdated' : 'done';
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin');
    return visit;
  }
}

/** @throws PageError form.invalid */
function actionOf(form: Form): Action {
  const action = actions.find((each) => each === form.get('action'));
  if (action === undefined) throw new PageError('form.invalid');
  return action;
}
