import { once } from 'node:events';
import type { Server } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { ManualClock } from '@gatehouse/server/clock';
import type { Browser } from '../../../apps/provider/test/support/browser';
import { freePort, startProvider, type TestProvider } from '../../../apps/provider/test/support/provider';
import { addResource } from '../../../apps/provider/test/support/resources';
import { mcpServer } from '../src/server';

const redirectUrl = 'http://127.0.0.1:9/callback';

/** What an MCP client keeps; its person is a browser of the test. */
class Person implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'A client never seen before',
    redirect_uris: [redirectUrl],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  asked: URL | undefined;
  code: string | undefined;
  held: OAuthTokens | undefined;
  private information: OAuthClientInformationMixed | undefined;
  private verifier = '';

  constructor(private readonly browser: Browser) {}

  state = () => 'of-the-client';
  clientInformation = () => this.information;
  saveClientInformation = (information: OAuthClientInformationMixed) => void (this.information = information);
  tokens = () => this.held;
  saveTokens = (tokens: OAuthTokens) => void (this.held = tokens);
  saveCodeVerifier = (verifier: string) => void (this.verifier = verifier);
  codeVerifier = () => this.verifier;

  async redirectToAuthorization(url: URL): Promise<void> {
    this.asked = url;
    await this.browser.open(url.href);
    const { location } = await this.browser.submit({ confirm: 'yes' });
    this.code = new URL(location ?? '').searchParams.get('code') ?? undefined;
  }
}

describe('an MCP server behind Gatehouse, by the official client', () => {
  let provider: TestProvider;
  let server: Server;
  let resource: string;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open' },
      clock: new ManualClock(epochSeconds(Math.floor(Date.now() / 1000))),
    });
    const port = await freePort();
    resource = `http://127.0.0.1:${port}/mcp`;
    await addResource(provider, {
      identifier: resource,
      name: 'Notes',
      scopes: [{ name: 'notes:read', sentence: 'Read your notes' }],
    });
    server = mcpServer({ resource, issuer: provider.issuer }).listen(port, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await provider.close();
  });

  it('comes from a 401 over discovery, registration, PKCE and resource to a tool call', async () => {
    const user = await provider.addUser();
    const person = new Person(await provider.logIn(user));
    const first = new StreamableHTTPClientTransport(new URL(resource), { authProvider: person });
    await expect(new Client({ name: 'test', version: '1' }).connect(first as never)).rejects.toThrow(UnauthorizedError);
    expect(Object.fromEntries(person.asked?.searchParams ?? [])).toMatchObject({
      resource,
      scope: 'notes:read',
      code_challenge_method: 'S256',
    });
    await first.finishAuth(person.code ?? '');

    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: person });
    await client.connect(transport as never);
    const answer = await client.callTool({ name: 'whoami' });
    expect(answer.content).toEqual([{ type: 'text', text: `You act for ${user.id}.` }]);
    await client.close();
  });

  it('answers strangers with where to go (RFC 9728 5.1), and serves the metadata there (RFC 9728 3)', async () => {
    const answer = await fetch(resource, { method: 'POST' });
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    const address = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    expect(challenge).toContain('scope="notes:read"');
    expect(await (await fetch(address)).json()).toMatchObject({
      resource,
      authorization_servers: [provider.issuer],
      scopes_supported: ['notes:read'],
    });
  });
});
