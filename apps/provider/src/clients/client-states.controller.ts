import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/server/database/store';
import { PageForms } from '@gatehouse/server/web/page-forms';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { actorOf } from '../users/actor.js';
import type { UserVisit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { ClientStates } from './client-states.service.js';
import { clientStates } from './clients.service.js';
import type { Actor } from '../audit/audit.service.js';

const mostAtOnce = 100;

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
    const change = this.changeOf(form.get('action'));
    const ids = [...new Set(form.all('id'))].slice(0, mostAtOnce).sort();
    await this.store.run(async (unit) => {
      for (const id of ids) await change(unit, id, actorOf(visit), visit.now);
    });
    return Reply.redirect(`${list}done=${ids.length === 0 ? 'none' : 'changed'}`, { cookies: visit.cookies });
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
    const change = this.changeOf(form.get('action'));
    const id = request.params['id'] ?? '';
    await this.store.run((unit) => change(unit, id, actorOf(visit), visit.now));
    return Reply.redirect(`${this.pageOf(request)}?done=changed`, { cookies: visit.cookies });
  }

  private pageOf(request: WebRequest): string {
    return `${routes.clients}/update/${encodeURIComponent(request.params['id'] ?? '')}`;
  }

  private changeOf(
    action: string | undefined,
  ): (unit: Unit, id: string, actor: Actor, now: EpochSeconds) => Promise<boolean> {
    switch (action) {
      case 'approve':
        return (unit, id, actor, now) => this.states.approve(unit, id, actor, now);
      case 'limit':
        return (unit, id, actor, now) => this.states.limit(unit, id, actor, now);
      case 'unlimit':
        return (unit, id, actor, now) => this.states.unlimit(unit, id, actor, now);
      case 'disable':
        return (unit, id, actor, now) => this.states.disable(unit, id, actor, now);
      case 'enable':
        return (unit, id, actor, now) => this.states.enable(unit, id, actor, now);
      default:
        throw new PageError('form.invalid');
    }
  }

  private async openFor(request: WebRequest): Promise<UserVisit> {
    const visit = await this.visits.requireUser(request);
    this.visits.requireRole(visit, 'admin');
    return visit;
  }
}
