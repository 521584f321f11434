import { Inject, Injectable } from '@nestjs/common';
import { FailedRequests } from '../../audit/failed-requests.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { Languages } from '@gatehouse/platform/i18n/languages';
import { text, type Message, type TextKey } from '../../i18n/message.js';
import { UserLists } from '../../users/user-lists.service.js';
import type { User } from '../../users/user.js';
import { routes } from '../../web/routes.js';
import { consolePages, type ConsolePage } from './console-pages.js';

/** More characters match nothing: names are shorter, and so are ids. */
export const maxSearchCharacters = 200;
const maxOfGroup = 8;
/** The trace id of a request, as error pages show it. */
const requestIdPattern = /^[0-9a-f]{8,64}$/i;

export interface SearchResult {
  readonly label: Message;
  readonly detail?: string | undefined;
  readonly href: string;
  readonly icon?: string;
  /** Whose initials are shown in place of an icon. */
  readonly kind?: 'person' | 'application';
}

export interface SearchGroup {
  readonly id: string;
  readonly title: Message;
  readonly results: readonly SearchResult[];
  /** The list with all results, where there are more. */
  readonly more?: string | undefined;
}

/** Finds what a user of the console may see: users, applications, failed requests by id, pages and actions. */
@Injectable()
export class ConsoleSearch {
  constructor(
    @Inject(UserLists) private readonly users: UserLists,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(Languages) private readonly languages: Languages,
  ) {}

  /** @param typed at most {@link maxSearchCharacters}; all pages and actions, and no records, for an empty text */
  async find(viewer: User, typed: string): Promise<readonly SearchGroup[]> {
    const search = typed.trim();
    const seesAll = viewer.roles.includes('admin') || viewer.roles.includes('auditor');
    const records = await Promise.all([
      ...(search === '' ? [] : [this.findApplications(search, seesAll ? undefined : viewer.id)]),
      ...(search === '' || !seesAll ? [] : [this.findUsers(search), this.findRequests(search)]),
    ]);
    return [...records, ...this.findPages(viewer, search)].filter(({ results }) => results.length > 0);
  }

  private async findApplications(search: string, ownerId: string | undefined): Promise<SearchGroup> {
    const { clients, next } = await this.clients.list({ search: withoutNul(search), ownerId, limit: maxOfGroup });
    return {
      id: 'applications',
      title: text('nav.applications'),
      results: clients.map(({ id, name }) => ({
        label: name,
        detail: id,
        href: `${routes.clients}/update/${encodeURIComponent(id)}`,
        kind: 'application',
      })),
      more: next && `${routes.clients}?q=${encodeURIComponent(search)}`,
    };
  }

  private async findUsers(search: string): Promise<SearchGroup> {
    const { users, next } = await this.users.list({ search, limit: maxOfGroup });
    return {
      id: 'users',
      title: text('nav.users'),
      results: users.map(({ id, username, name, email }) => ({
        label: name ?? username,
        detail: [...(name === undefined ? [] : [username]), ...(email === undefined ? [] : [email])].join(' · '),
        href: `${routes.users}/update/${encodeURIComponent(id)}`,
        kind: 'person',
      })),
      more: next && `${routes.users}?q=${encodeURIComponent(search)}`,
    };
  }

  private async findRequests(search: string): Promise<SearchGroup> {
    const { failedRequests } = requestIdPattern.test(search)
      ? await this.failedRequests.list({ requestId: search.toLowerCase(), limit: maxOfGroup })
      : { failedRequests: [] };
    return {
      id: 'requests',
      title: text('nav.failedRequests'),
      results: failedRequests.map(({ selector, requestId, endpoint, reason }) => ({
        label: `${endpoint}: ${reason}`,
        detail: requestId,
        href: `${routes.failedRequests}/${selector.toString(36)}`,
        icon: 'circle-alert',
      })),
    };
  }

  private findPages(viewer: User, search: string): SearchGroup[] {
    const found = consolePages.filter((page) => mayOpen(viewer, page) && this.isNamed(page.label, search));
    const results = (pages: readonly ConsolePage[]): SearchResult[] =>
      pages.map(({ label, href, icon }) => ({ label: text(label), href, icon }));
    return [
      { id: 'pages', title: text('search.pages'), results: results(found.filter(({ action }) => action !== true)) },
      { id: 'actions', title: text('search.actions'), results: results(found.filter(({ action }) => action === true)) },
    ];
  }

  /** In any language of this server: people search by the word that they know. */
  private isNamed(label: TextKey, search: string): boolean {
    const words = search.toLocaleLowerCase();
    return this.languages.tags.some((tag) =>
      this.languages.of(tag).plain(label).toLocaleLowerCase(tag).includes(words),
    );
  }
}

function mayOpen({ roles }: User, { developers, action }: ConsolePage): boolean {
  if (roles.includes('admin')) return true;
  if (roles.includes('developer') && developers === true) return true;
  return roles.includes('auditor') && action !== true;
}

/** No name contains NUL, and PostgreSQL rejects it. */
function withoutNul(search: string): string {
  return search.replaceAll('\0', '');
}
