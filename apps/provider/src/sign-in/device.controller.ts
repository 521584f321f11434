import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { parseUserCode } from '@gatehouse/domain/oauth';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { Dispatcher } from '../protocol/authorization/dispatcher.service.js';
import { qrImage } from '../users/factors/totp.js';
import { deviceAddress, loginFor, routes } from '../web/routes.js';
import { type Message, text } from '../i18n/message.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';
import { resumeAddress } from './sign-in-interactions.service.js';
import { UserCodes } from './user-codes.service.js';

interface Shown {
  readonly status?: number;
  /** As the user typed it. */
  readonly typed?: string | undefined;
  readonly problem?: Message;
  readonly error?: Message;
  readonly retryAfterSeconds?: number;
}

const outcomes: Readonly<Record<string, object>> = {
  approved: { heading: text('device.approved'), text: text('device.approvedLead'), icon: 'check', kind: 'good' },
  denied: { heading: text('device.denied'), text: text('device.deniedLead'), icon: 'ban', kind: undefined },
  late: { heading: text('device.late'), text: text('device.lateLead'), icon: 'clock', kind: 'warn' },
};

/** The page where a user enters the code that a device shows (RFC 8628 3.3). */
@Controller(routes.device)
export class DeviceController {
  constructor(
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(UserCodes) private readonly codes: UserCodes,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
  ) {}

  /** A code in the URL (`verification_uri_complete`) only fills in the form: the user must submit it. */
  @Get()
  async form(@Req() request: WebRequest): Promise<Reply> {
    return this.show(await this.contexts.open(request), { typed: query(request).get('user_code') });
  }

  @Post()
  async submit(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const typed = form.text('user_code');
    if (refusal) return this.show(context, { status: 403, typed, error: text(refusal.id) });
    const found = await this.codes.find(context, typed);
    switch (found.kind) {
      case 'unknown':
        return this.show(context, {
          status: 422,
          typed,
          problem: text('device.unknown'),
        });
      case 'throttled':
        return this.show(context, {
          status: 429,
          typed,
          error: text('device.throttled'),
          retryAfterSeconds: found.retryAfterSeconds,
        });
      case 'log in first':
        return Reply.redirect(loginFor(deviceAddress(parseUserCode(typed) ?? '')), { cookies: context.cookies });
      case 'found': {
        const id = await this.dispatcher.createInteraction(context, { kind: 'device', device: found.device });
        return Reply.redirect(resumeAddress(id), { cookies: context.cookies });
      }
    }
  }

  @Get('done')
  async done(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const name = query(request).get('answer') ?? '';
    const outcome = Object.hasOwn(outcomes, name) ? outcomes[name] : undefined;
    if (!outcome) return Reply.redirect(routes.device, { cookies: context.cookies });
    return this.contexts.page(context, 'message', outcome);
  }

  private async show(context: RequestContext, shown: Shown): Promise<Reply> {
    const typed = (shown.typed ?? '').slice(0, 40);
    const userCode = shown.problem === undefined ? parseUserCode(typed) : undefined;
    return this.contexts.page(
      context,
      'sign-in/device',
      {
        typed: userCode ?? typed,
        given: userCode !== undefined,
        // Lets the user continue on a device where they are signed in or have a passkey.
        qr: userCode === undefined ? undefined : await qrImage(this.contexts.absolute(deviceAddress(userCode))),
        problem: shown.problem,
        firstProblem: shown.problem && 'user_code',
        error: shown.error,
      },
      {
        status: shown.status ?? 200,
        ...(shown.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'Retry-After': String(shown.retryAfterSeconds) } }),
      },
    );
  }
}
