import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { ManualClock } from '@gatehouse/platform/clock';
import type { Browser } from '../../../apps/provider/test/support/browser';
import { startProvider, type TestProvider } from '../../../apps/provider/test/support/provider';
import { addResource } from '../../../apps/provider/test/support/resources';
import { freePort } from '../../../scripts/lib/free-port.cjs';

const redirectUrl = 'http://127.0.0.1:9/callback';
const root = join(__dirname, '../../..');

/** Installs the example with `@gatehouse/resource-server` from its tarball, like an application outside this workspace. */
async function installExample(): Promise<string> {
  // The real path, because npm compares it with the paths of linked packages.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-mcp-')));
  await promisify(execFile)(process.execPath, [join(__dirname, 'support/install-package.mjs'), folder]);
  return folder;
}

async function startExample(folder: string, resource: string, issuer: string): Promise<ChildProcess> {
  const server = spawn(process.execPath, [join(folder, 'dist/main.js'), resource, issuer], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const deadline = Date.now() + 30_000;
  while (!(await fetch(resource).catch(() => undefined))) {
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('the MCP server does not respond');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return server;
}

/** The state of an MCP client; its user is a browser of the test. */
class ClientState implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'An unknown client',
    redirect_uris: [redirectUrl],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  authorizationUrl: URL | undefined;
  code: string | undefined;
  storedTokens: OAuthTokens | undefined;
  private information: OAuthClientInformationMixed | undefined;
  private verifier = '';

  /** @param clientId the URL of its metadata document; without one it registers dynamically */
  constructor(
    private readonly browser: Browser,
    clientId?: string,
  ) {
    if (clientId !== undefined) this.information = { client_id: clientId };
  }

  state = () => 'of-the-client';
  clientInformation = () => this.information;
  saveClientInformation = (information: OAuthClientInformationMixed) => void (this.information = information);
  tokens = () => this.storedTokens;
  saveTokens = (tokens: OAuthTokens) => void (this.storedTokens = tokens);
  saveCodeVerifier = (verifier: string) => void (this.verifier = verifier);
  codeVerifier = () => this.verifier;

  async redirectToAuthorization(url: URL): Promise<void> {
    this.authorizationUrl = url;
    await this.browser.open(url.href);
    const { location } = await this.browser.submit({ confirm: 'yes' });
    this.code = new URL(location ?? '').searchParams.get('code') ?? undefined;
  }
}

describe('an MCP server behind Gatehouse, with the official client', () => {
  let provider: TestProvider;
  let folder: string;
  let server: ChildProcess | undefined;
  let resource: string;
  beforeAll(async () => {
    folder = await installExample();
    provider = await startProvider({
      env: {
        GATEHOUSE_REGISTRATION: 'open',
        GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open',
        GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8',
      },
      clock: new ManualClock(epochSeconds(Math.floor(Date.now() / 1000))),
    });
    const port = await freePort();
    resource = `http://127.0.0.1:${port}/mcp`;
    await addResource(provider, {
      identifier: resource,
      name: 'Notes',
      scopes: [{ name: 'notes:read', sentence: 'Read your notes' }],
    });
    server = await startExample(folder, resource, provider.issuer);
  }, 300_000);
  afterAll(async () => {
    if (server?.kill() === true) await once(server, 'exit');
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs with the package from its tarball, which contains code, types, README and license, and no test files', () => {
    const installed = join(folder, 'node_modules/@gatehouse/resource-server');
    expect(lstatSync(installed).isSymbolicLink()).toBe(false);
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'src']);
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const targets = Object.values(exports).flatMap((each) => (typeof each === 'string' ? [each] : Object.values(each)));
    expect(targets).toContain('./dist/express.d.ts');
    expect(targets.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    expect(files.filter((path) => /\.spec\.|tsbuildinfo/.test(path))).toEqual([]);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('gets from a 401 to a tool call with discovery, registration, PKCE and resource indicators', async () => {
    const user = await provider.addUser();
    const state = new ClientState(await provider.logIn(user));
    const first = new StreamableHTTPClientTransport(new URL(resource), { authProvider: state });
    await expect(new Client({ name: 'test', version: '1' }).connect(first as never)).rejects.toThrow(UnauthorizedError);
    expect(Object.fromEntries(state.authorizationUrl?.searchParams ?? [])).toMatchObject({
      resource,
      scope: 'notes:read',
      code_challenge_method: 'S256',
    });
    await first.finishAuth(state.code ?? '');

    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(resource), { authProvider: state });
    await client.connect(transport as never);
    const response = await client.callTool({ name: 'whoami' });
    expect(response.content).toEqual([{ type: 'text', text: `You act for ${user.id}.` }]);
    await client.close();
  });

  it('also accepts a client whose client_id is the URL of its metadata document', async () => {
    const metadata = (await (
      await fetch(`${provider.issuer}/.well-known/oauth-authorization-server`)
    ).json()) as object;
    // The official client selects this method if its metadata document is served over https.
    expect(metadata).toMatchObject({ client_id_metadata_document_supported: true });
    const documents = createServer((request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ ...state.clientMetadata, client_id: address() + (request.url ?? '') }));
    }).listen(0, '127.0.0.1');
    await once(documents, 'listening');
    const address = (): string => `http://127.0.0.1:${(documents.address() as AddressInfo).port}`;
    const user = await provider.addUser();
    const state = new ClientState(await provider.logIn(user), `${address()}/agent.json`);
    try {
      const first = new StreamableHTTPClientTransport(new URL(resource), { authProvider: state });
      await expect(new Client({ name: 'test', version: '1' }).connect(first as never)).rejects.toThrow(
        UnauthorizedError,
      );
      expect(state.authorizationUrl?.searchParams.get('client_id')).toBe(`${address()}/agent.json`);
      await first.finishAuth(state.code ?? '');
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider: state }) as never);
      const response = await client.callTool({ name: 'whoami' });
      expect(response.content).toEqual([{ type: 'text', text: `You act for ${user.id}.` }]);
      await client.close();
    } finally {
      documents.closeAllConnections();
      documents.close();
    }
  });

  it('responds to requests without a token with the URL of its metadata (RFC 9728 5.1), and serves it (RFC 9728 3)', async () => {
    const response = await fetch(resource, { method: 'POST' });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate') ?? '';
    const address = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
    expect(challenge).toContain('scope="notes:read"');
    expect(await (await fetch(address)).json()).toMatchObject({
      resource,
      authorization_servers: [provider.issuer],
      scopes_supported: ['notes:read'],
    });
  });
});
