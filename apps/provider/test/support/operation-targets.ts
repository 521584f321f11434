import type { Selector } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import { CreateInitialAccessToken } from '../../src/clients/registration/operations/create-initial-access-token';
import { CreateResource } from '../../src/resources/operations/create-resource';
import { CreateIssuer } from '../../src/trusted-issuers/operations/create-issuer';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import type { Targets } from './operation-rows';
import type { TestProvider } from './provider';
import { obtainTokens } from './tokens';

const made = {
  session: statement('test.session', 'SELECT id FROM sessions WHERE user_id = $1'),
  grant: statement('test.grant', 'SELECT selector FROM grants WHERE user_id = $1'),
  token: statement(
    'test.token',
    'SELECT t.selector FROM access_tokens t JOIN grants g ON g.selector = t.grant_selector WHERE g.user_id = $1',
  ),
  invitation: statement('test.invitation', 'SELECT selector FROM invitations'),
};

/** Makes one of each record that operations change. */
export async function makeTargets(provider: TestProvider): Promise<Omit<Targets, 'registered'>> {
  const victim = await provider.addUser({ username: 'victim' });
  const administrator = await provider.addUser({
    username: 'target-admin',
    roles: ['admin'],
    email: 'target-admin@people.test',
    emailVerified: true,
  });
  const browser = await provider.logIn(victim);
  const target = await provider.addClient({ name: 'Target' });
  await obtainTokens(provider, browser, target);
  const { client } = target;
  const { id: resource } = await provider.execute(CreateResource, {
    identifier: 'urn:target',
    name: 'Target',
    scopes: [],
    tokenFormat: 'opaque',
  });
  const { id: issuer } = await provider.execute(CreateIssuer, {
    issuer: 'https://target.example',
    name: 'Target',
    jwksUri: 'https://keys.example/',
    subject: 'username',
    clients: [client.id],
    scope: ['read'],
  });
  const { id: registrationToken } = await provider.execute(CreateInitialAccessToken, { name: 'Target' });
  await provider.execute(InvitePeople, { emails: ['target@people.test'], roles: ['user'] });
  const [session, grant, token, invitation] = [
    await provider.store.one<{ id: string }>(made.session, victim.id),
    await provider.store.one<{ selector: Selector }>(made.grant, victim.id),
    await provider.store.one<{ selector: Selector }>(made.token, victim.id),
    await provider.store.one<{ selector: number }>(made.invitation),
  ];
  if (!session || !grant || !token || !invitation) throw new Error('not all records were made');
  return {
    user: victim.id,
    administrator: administrator.id,
    session: session.id,
    client: client.id,
    resource,
    issuer,
    registrationToken,
    invitation: invitation.selector,
    grant: grant.selector,
    token: token.selector,
  };
}
