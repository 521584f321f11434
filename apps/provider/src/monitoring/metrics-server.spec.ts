import type { AddressInfo } from 'node:net';
import { createLog } from '@gatehouse/platform/telemetry/log';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { serveMetrics } from './metrics-server.js';

describe('serveMetrics', () => {
  it('logs the error once and responds with 500 without details when the metrics cannot be read', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } });
    const source = {
      contentType: 'text/plain',
      metrics: () => Promise.reject(new Error('a worker does not answer')),
    };
    const server = await serveMetrics({ host: '127.0.0.1', port: await freePort() }, source, log);
    try {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
      expect([response.status, await response.text()]).toEqual([500, '']);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('the metrics could not be read');
      expect(lines[0]).toContain('a worker does not answer');
    } finally {
      server.close();
    }
  });
});
