import { CreateUser } from '../../src/users/operations/create-user';
import { EndUserSessions } from '../../src/users/sessions/operations/end-user-sessions';
import { RevokeAllTokens } from '../../src/tokens/operations/revoke-all-tokens';
import { RevokeAllGrants } from '../../src/grants/operations/revoke-all-grants';
import { SetPassword } from '../../src/users/credentials/operations/set-password';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { ResetSecondFactors } from '../../src/users/factors/operations/reset-second-factors';
import { UsersService } from '../../src/users/users.service';
import { adminApi, callerOf } from '../support/admin-api';
import type { Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

const password = 'a long enough passphrase of words';

/** Preparing an operation may take seconds: hashing a password, looking at an address. */
describe('an operation at the API whose token ends while it is prepared', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
  });
  afterAll(() => provider.close());

  const created = async (username: string): Promise<boolean> =>
    (await provider.app.get(UsersService).findByUsername(username)) !== undefined;

  /** Creates a user, and does something else between the preparation and the unit of work. */
  async function createDuring(
    call: ReturnType<typeof callerOf>['call'],
    username: string,
    meanwhile: () => Promise<unknown>,
  ): Promise<Answer> {
    const operation = provider.app.get(CreateUser, { strict: false });
    const prepare = operation.prepare.bind(operation);
    const spy = jest.spyOn(operation, 'prepare').mockImplementationOnce(async (actor, input) => {
      const prepared = await prepare(actor, input);
      await meanwhile();
      return prepared;
    });
    return call('POST', 'users', { username, roles: ['admin'], password }).finally(() => spy.mockRestore());
  }

  async function personAtTool() {
    const admin = await provider.addUser({ roles: ['admin'] });
    const browser = await provider.logIn(admin);
    const tool = await provider.addClient({ name: 'Tool', scope: ['openid', 'gatehouse:admin'] });
    const tokens = await obtainTokens(provider, browser, tool, { scope: 'openid gatehouse:admin' });
    return { admin, tool, call: callerOf(provider, tokens.access_token).call };
  }

  it.each<[string, (userId: string, toolId: string) => Promise<unknown>]>([
    ['sessions are ended', (userId) => provider.execute(EndUserSessions, { userId })],
    ['grants are revoked', (userId) => provider.execute(RevokeAllGrants, { userId })],
    ['tokens are revoked', (userId) => provider.execute(RevokeAllTokens, { userId })],
    ['password is replaced', (id) => provider.execute(SetPassword, { id, password })],
    ['second factors are reset', (userId) => provider.execute(ResetSecondFactors, { userId })],
    ['tokens at the tool are revoked', (userId, clientId) => provider.execute(RevokeAllTokens, { userId, clientId })],
  ])('is refused where the person’s %s', async (what, end) => {
    const { admin, tool, call } = await personAtTool();
    const username = `by-person ${what}`.replaceAll(' ', '-');
    const answer = await createDuring(call, username, () => end(admin.id, tool.client.id));
    expect([answer.status, await created(username)]).toEqual([401, false]);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each(['restrict', 'disable'] as const)('is refused where the tool gets the decision %s', async (decision) => {
    const { tool, call } = await personAtTool();
    const answer = await createDuring(call, `by-tool-${decision}`, () =>
      provider.execute(SetClientState, { id: tool.client.id, decision }),
    );
    expect([answer.status >= 400, await created(`by-tool-${decision}`)]).toEqual([true, false]);
  });

  it.each<[string, number, (id: string) => Promise<unknown>]>([
    ['is limited', 403, (id) => provider.execute(SetClientState, { id, decision: 'restrict' })],
    ['is disabled', 403, (id) => provider.execute(SetClientState, { id, decision: 'disable' })],
    ['loses its scope', 403, (id) => provider.execute(UpdateClient, { id, properties: { scope: ['read'] } })],
    ['loses its tokens', 401, (clientId) => provider.execute(RevokeAllTokens, { clientId })],
  ])('is refused where the service account %s', async (what, status, end) => {
    const api = await adminApi(provider);
    const username = `by-account ${what}`.replaceAll(' ', '-');
    const answer = await createDuring(api.call, username, () => end(api.registered.client.id));
    expect([answer.status, await created(username)]).toEqual([status, false]);
  });

  it('is done where another token ended', async () => {
    const [{ call }, other] = [await personAtTool(), await adminApi(provider)];
    const answer = await createDuring(call, 'by-a-live-token', () =>
      provider.execute(RevokeAllTokens, { clientId: other.registered.client.id }),
    );
    expect([answer.status, await created('by-a-live-token')]).toEqual([201, true]);
  });
});
