import { accessOf, metadata, protect } from '@gatehouse/resource-server/express';
import { ResourceServer } from '@gatehouse/resource-server/resource-server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express, { type Express } from 'express';

/** Where this server lies, and whom it trusts. */
export interface McpServerOptions {
  /** Its own address, as it is registered at the authorization server: `https://notes.example/mcp`. */
  readonly resource: string;
  readonly issuer: string;
}

/** An MCP server with one tool, for clients that it has never seen. */
export function mcpServer({ resource, issuer }: McpServerOptions): Express {
  const guard = new ResourceServer({ resource, issuer, name: 'Notes', scopes: ['notes:read'] });
  const app = express();
  app.use(metadata(guard));
  app.post(new URL(resource).pathname, protect(guard, 'notes:read'), express.json(), async (request, response) => {
    const { subject } = accessOf(request);
    const server = new McpServer({ name: 'notes', version: '1.0.0' });
    server.registerTool('whoami', { description: 'Tells on whose behalf you act' }, () => ({
      content: [{ type: 'text', text: `You act for ${subject}.` }],
    }));
    // No session is kept: each request stands on its own token.
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  app.all(new URL(resource).pathname, (_request, response) => void response.status(405).set('Allow', 'POST').end());
  return app;
}
