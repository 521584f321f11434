import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { BrowserCookie, cookieName } from '@gatehouse/platform/http/browser-cookie';
import { LoopbackNames } from '@gatehouse/platform/http/loopback-names';
import { PageForms } from '@gatehouse/platform/http/page-forms';
import { Reply, type PageOptions, type SetCookie } from '@gatehouse/platform/http/reply';
import { addressKey, clientAddress, cookie, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { recordActor } from '../../audit/denied-access.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { LoginNeeded } from '../../web/login-needed.js';
import { PageError } from '../../web/page-error.js';
import { navigationOf } from '../../web/navigation.js';
import { rememberFrame, type PageFrame } from '../../web/page-frame.js';
import { routes } from '../../web/routes.js';
import { BrowserStates } from './browser-states.service.js';
import { SessionsService } from './sessions.service.js';
import type { Session } from './session.js';
import { text, type Message, type TextKey } from '../../i18n/message.js';
import { actorOf, canAudit } from '../actor.js';
import { RoleRequirements } from '../role-requirements.service.js';
import { UsersService } from '../users.service.js';
import type { Role, User } from '../user.js';
import type { UserRequestContext, RequestContext } from './request-context.js';

/** Creates the request context of a page, and adds the data that every page shows. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- a request context consists of browser, session, user and roles
export class RequestContexts {
  private readonly secure: boolean;
  private readonly sessionCookie: string;
  private readonly loopbackNames: LoopbackNames;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(BrowserCookie) private readonly browserCookie: BrowserCookie,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(BrowserStates) private readonly states: BrowserStates,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(RoleRequirements) private readonly roles: RoleRequirements,
  ) {
    this.secure = settings.issuer.startsWith('https:');
    this.loopbackNames = new LoopbackNames({
      origin: settings.issuer,
      behindProxy: !settings.trustedProxies.isEmpty,
    });
    this.sessionCookie = cookieName('gatehouse_session', this.secure);
  }

  /** @throws OtherLoopbackName if a page of a local server was opened by another name than the issuer's */
  async open(request: WebRequest): Promise<RequestContext> {
    const rightAddress = this.loopbackNames.check(request);
    const now = this.clock.now();
    const browser = this.browserCookie.findOrMake(request);
    const address = clientAddress(request);
    const sessionCookie = cookie(request, this.sessionCookie);
    const session = await this.sessions.find(sessionCookie, now);
    const found = session && (await this.users.find(session.userId));
    const enabledUser = found?.disabledAt === undefined ? found : undefined;
    const secondFactorMissing =
      enabledUser !== undefined &&
      session?.amr.includes('mfa') === false &&
      (await this.roles.requireSecondFactor(enabledUser.roles));
    // The session was ended elsewhere: this request is the first to notice.
    const newState = sessionCookie !== undefined && !enabledUser ? this.states.renew(undefined) : undefined;
    const user = session?.full && !secondFactorMissing ? enabledUser : undefined;
    return {
      request,
      rightAddress,
      now,
      address,
      addressKey: addressKey(address),
      requestId: requestId(request),
      browser: { id: browser.id, hash: browser.hash },
      session: enabledUser && session,
      secondFactorMissing,
      user,
      browserState: newState?.value ?? this.states.find(request),
      cookies: newState ? [...browser.cookies, ...newState.cookies] : browser.cookies,
    };
  }

  /** @throws LoginNeeded if nobody is signed in; a page that received a POST is opened with GET afterwards */
  async requireUser(request: WebRequest): Promise<UserRequestContext> {
    const context = await this.open(request);
    if (!context.user || !context.session) throw new LoginNeeded(request.originalUrl);
    const userContext = { ...context, user: context.user, session: context.session };
    recordActor(request, actorOf(userContext));
    rememberFrame(request, () => this.frameOf(userContext));
    return userContext;
  }

  /** @throws PageError page.forbidden; page.auditor if the user may see this but not change it */
  requireRole(context: UserRequestContext, ...anyOf: readonly Role[]): void {
    const { roles } = context.user;
    if (anyOf.some((role) => roles.includes(role))) return;
    if (anyOf.includes('admin') && roles.includes('auditor')) {
      if (canAudit(context)) return;
      throw new PageError('page.auditor');
    }
    throw new PageError('page.forbidden');
  }

  /** Renders a page with the data that every page shows: the user, the navigation, the CSRF token of its forms. */
  page(context: RequestContext, view: string, model: object, options: PageOptions = {}): Reply {
    return Reply.page(
      view,
      { ...this.frameOf(context), ...model },
      { ...options, cookies: [...context.cookies, ...(options.cookies ?? [])] },
    );
  }

  private frameOf(context: RequestContext): PageFrame {
    const { csrf } = this.forms.guardOf({ ...context.browser, cookies: context.cookies });
    const path = context.request.originalUrl.split('?')[0] ?? '/';
    return {
      csrf,
      requestId: context.requestId,
      rightAddress: context.rightAddress,
      viewer: context.user && {
        id: context.user.id,
        username: context.user.username,
        isAdmin: seesAll(context.user.roles),
        isDeveloper: context.user.roles.includes('developer'),
        role: roleText(context.user.roles),
      },
      nav: context.user ? navigation(context.user, path) : [],
      navigation: context.user && navigationOf(context.user, path),
      searchHref: context.user?.roles.some((role) => role !== 'user') === true ? routes.search : undefined,
      readOnly: context.user !== undefined && isAuditorOnly(context.user.roles) && isAdministration(path),
    };
  }

  /** The cookie of a new session and the browser's new state; both expire with the session. */
  sessionCookiesFor(session: Session, value: string): readonly SetCookie[] {
    const maxAgeSeconds = session.expiresAt - session.lastSeenAt;
    return [
      { name: this.sessionCookie, value, secure: this.secure, maxAgeSeconds },
      ...(this.states.renew(maxAgeSeconds)?.cookies ?? []),
    ];
  }

  /** Deletes the session cookie and renews the browser state. */
  noSessionCookies(): readonly SetCookie[] {
    return [
      { name: this.sessionCookie, value: '', secure: this.secure, maxAgeSeconds: 0 },
      ...(this.states.renew(undefined)?.cookies ?? []),
    ];
  }

  /** The absolute URL of a path of this server. */
  absolute(path: string): string {
    return this.settings.issuer + path;
  }
}

function seesAll(roles: readonly string[]): boolean {
  return roles.includes('admin') || roles.includes('auditor');
}

/** The role with the most permissions; undefined for a person without one. */
function roleText(roles: readonly string[]): Message | undefined {
  if (roles.includes('admin')) return text('role.admin');
  if (roles.includes('auditor')) return text('role.auditor');
  return roles.includes('developer') ? text('role.developer') : undefined;
}

function isAuditorOnly(roles: readonly string[]): boolean {
  return roles.includes('auditor') && !roles.includes('admin');
}

/** True for pages that auditors may read and administrators may change. */
function isAdministration(path: string): boolean {
  return administrationPages.some((root) => isBelow(path, root));
}

const administrationPages = [
  routes.clients,
  routes.resources,
  routes.issuers,
  routes.users,
  routes.dashboard,
  routes.branding,
  routes.signInSettings,
  routes.audit,
  routes.failedRequests,
  routes.sessions,
  routes.grants,
  routes.tokens,
  routes.keys,
  routes.messages,
];

/** Pages below the dashboard in the navigation. */
const serverPages = [
  routes.issuers,
  routes.audit,
  routes.failedRequests,
  routes.sessions,
  routes.keys,
  routes.messages,
];

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

interface NavigationLink {
  readonly href: string;
  readonly label: Message;
  readonly current: boolean;
}

function navigation(user: User, path: string): NavigationLink[] {
  const admin = seesAll(user.roles);
  const developer = admin || user.roles.includes('developer');
  const links: [string, TextKey, boolean][] = [
    [routes.home, 'nav.home', true],
    [routes.account, 'nav.account', true],
    [routes.clients, 'nav.clients', developer],
    [routes.resources, 'nav.apis', admin],
    [routes.users, 'nav.users', admin],
    [routes.grants, 'nav.grants', developer],
    [routes.tokens, 'nav.tokens', developer],
    [routes.dashboard, 'nav.server', admin],
  ];
  return links
    .filter(([, , shown]) => shown)
    .map(([href, label]) => ({
      href,
      label: text(label),
      current: isBelow(path, href) || (href === routes.dashboard && serverPages.some((root) => isBelow(path, root))),
    }));
}
