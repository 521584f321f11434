import { Inject, Injectable } from '@nestjs/common';
import { isLoopbackHost } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../clients/clients.service.js';
import { sendsMail, type Settings } from '../../config/settings.js';
import { SETTINGS } from '../../config/settings.token.js';
import { text, type Text, type TextKey } from '../../i18n/message.js';
import { SecondFactorLookup } from '../../users/second-factor-lookup.js';
import { UserLists } from '../../users/user-lists.service.js';
import { routes } from '../../web/routes.js';

/** A step of the first setup: the model of `ui/checklist`. */
export interface SetupStep {
  readonly done: boolean;
  readonly title: Text;
  readonly why: Text | undefined;
  readonly action: { readonly label: Text; readonly href: string } | undefined;
}

/** What a new installation needs before people use it, from its settings and data. */
@Injectable()
export class SetupChecklist {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UserLists) private readonly users: UserLists,
  ) {}

  async of(userId: string): Promise<readonly SetupStep[]> {
    const { protocol, hostname } = new URL(this.settings.issuer);
    const { clients } = await this.clients.list({ limit: 1 });
    const { users } = await this.users.list({ limit: 2 });
    return [
      step('https', protocol === 'https:' && !isLoopbackHost(hostname), routes.system),
      step('passkey', await this.factors.hasAny(userId), routes.factors),
      step('mail', sendsMail(this.settings), routes.messages),
      step('application', clients.length > 0, `${routes.clients}/add`),
      step('people', users.length > 1, `${routes.users}/add`),
    ];
  }
}

function step(name: 'https' | 'passkey' | 'mail' | 'application' | 'people', done: boolean, href: string): SetupStep {
  const title: TextKey = `overview.setup.${name}`;
  const why: TextKey = `overview.setup.${name}Why`;
  const label: TextKey = `overview.setup.${name}Action`;
  return {
    done,
    title: text(title),
    why: done ? undefined : text(why),
    action: done ? undefined : { label: text(label), href },
  };
}
