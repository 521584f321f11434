import { accessOf, metadata, protect } from '@gatehouse/resource-server/express';
import { ResourceServer } from '@gatehouse/resource-server/resource-server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express, { type Express } from 'express';

/** The URL of this server, and the authorization server that it trusts. */
export interface McpServerOptions {
  /** Its URL, as registered at the authorization server: `https://notes.example/mcp`. */
  readonly resource: string;
  readonly issuer: string;
}

/** An MCP server with one tool, for clients that it does not know in advance. */
export function mcpServer({ resource, issuer }: McpServerOptions): Express {
  const guard = new ResourceServer({ resource, issuer, name: 'Notes', scopes: ['notes:read'] });
  const app = express();
  app.use(metadata(guard));
  app.post(new URL(resource).pathname, protect(guard, 'notes:read'), express.json(), async (request, response) => {
    const { subject } = accessOf(request);
    const server = new McpServer({ name: 'notes', version: '1.0.0' });
    server.registerTool('whoami', { description: 'Returns the user on whose behalf you act' }, () => ({
      content: [{ type: 'text', text: `You act for ${subject}.` }],
    }));
    // Stateless: every request is authorized by its own token.
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    // The SDK's types are incompatible with exactOptionalPropertyTypes.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  app.all(new URL(resource).pathname, (_request, response) => void response.status(405).set('Allow', 'POST').end());
  return app;
}
