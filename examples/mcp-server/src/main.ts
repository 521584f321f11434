import { mcpServer } from './server.js';

// node examples/mcp-server/dist/main.js http://127.0.0.1:7000/mcp http://localhost:5000
const [resource = 'http://127.0.0.1:7000/mcp', issuer = 'http://localhost:5000'] = process.argv.slice(2);
mcpServer({ resource, issuer }).listen(Number(new URL(resource).port));
