import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { text } from '../i18n/message.js';
import { navigationOf } from '../web/navigation.js';
import { routes } from '../web/routes.js';
import { galleryModel } from './gallery-model.js';

/**
 * Every component of the design system in every state, for developers. `?theme=dark` and `?dir=rtl` show the other schemes,
 * `?frame=user`, `?frame=account` and `?frame=gate` the other frames, `?auditor=yes` what an auditor sees.
 */
@Controller()
export class GalleryController {
  constructor(@Inject(Clock) private readonly clock: Clock) {}

  @Get(routes.gallery)
  page(@Req() request: WebRequest): Reply {
    const { searchParams } = new URL(request.originalUrl, 'http://gallery');
    const frame = searchParams.get('frame');
    return Reply.page(`development/${frames.find((each) => each === frame) ?? 'gallery'}`, {
      ...galleryModel(this.clock.now()),
      ...(searchParams.has('theme') ? { theme: searchParams.get('theme') } : {}),
      ...(searchParams.has('dir') ? { direction: searchParams.get('dir') } : {}),
      readOnly: searchParams.get('auditor') === 'yes',
      csrf: 'none',
      searchHref: routes.gallery,
      viewer: { username: 'Anna Berger', isAdmin: true, role: text('role.admin') },
      navigation: navigationOf({ roles: ['admin'] }, frame === 'account' ? routes.profile : routes.users),
      problemList: [{ id: 'f-problem', message: 'Redirect URI: use https' }],
    });
  }
}

const frames = ['user', 'account', 'gate'] as const;
