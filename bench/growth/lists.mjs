import { median } from '../lib/statistics.mjs';
import { idOf, instantOf } from './fill.mjs';

const goal = 2;
const rounds = 40;
const pageSize = 25;

/** The administration lists, each with its query and the cursor key of a page in the middle. */
const lists = [
  ['users by name', 'users?', (middle) => [0, `person-${middle}`, '']],
  ['users, newest first', 'users?order=newest&', (middle) => [0, idOf(middle), idOf(middle)]],
  ['users, latest login first', 'users?order=latest_login&', (middle) => [0, instantOf(middle), idOf(middle)]],
  ['users whose name starts with person-5', 'users?q=person-5&', () => [0, 'person-55', '']],
  ['users with example.org in their address (all)', 'users?q=example.org&', (middle) => [2, `${middle}`, '']],
  ['users with 77@exa in their address (one in a hundred)', 'users?q=77%40exa&', (middle) => [2, `${middle}`, '']],
  ['users with the role user', 'users?role=user&', (middle) => [0, `person-${middle}`, '']],
  ['clients by name', 'clients?', (middle) => [`Client ${middle}`, '']],
  ['clients, newest first', 'clients?order=newest&', (middle) => [instantOf(middle), idOf(middle)]],
];

/**
 * Measures the first page of each list and a page in the middle, alternately, one request at a time.
 * @param side  a Gatehouse with `size` users and clients
 */
export async function measureLists(side, size) {
  const origin = `http://127.0.0.1:${side.port}`;
  const { client_id: id, client_secret: secret } = await side.addReader();
  const response = await fetch(origin + side.paths.token, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'gatehouse:read' }),
  });
  const { access_token: token } = await response.json();
  const time = async (path) => {
    const startedAt = performance.now();
    const page = await fetch(origin + path, { headers: { Authorization: `Bearer ${token}` } });
    const { items } = await page.json();
    if (items?.length !== pageSize) throw new Error(`${path}: ${page.status}, ${items?.length} items`);
    return performance.now() - startedAt;
  };
  const measured = [];
  for (const [name, query, keyOf] of lists) {
    const first = `/api/admin/v1/${query}limit=${pageSize}`;
    const cursor = Buffer.from(JSON.stringify(keyOf(Math.floor(size / 2)))).toString('base64url');
    const deep = `${first}&cursor=${cursor}`;
    const times = { first: [], deep: [] };
    await time(first);
    await time(deep);
    for (let round = 0; round < rounds; round++) {
      times.first.push(await time(first));
      times.deep.push(await time(deep));
    }
    measured.push({ name, first: median(times.first), deep: median(times.deep) });
  }
  return measured;
}

/** The results as Markdown. */
export function listLines(measured, size) {
  return [
    `Administration lists at ${size.toLocaleString('en')}, pages of ${pageSize} by key, one request at a time; goal: the two pages differ by at most a factor of ${goal}.`,
    ...measured.map(({ name, first, deep }) => {
      const ratio = Math.max(first / deep, deep / first);
      return `- ${name}: first page ${first.toFixed(1)} ms, page in the middle ${deep.toFixed(1)} ms: ${ratio <= goal ? '✓' : '✗'} **${(deep / first).toFixed(2)}**`;
    }),
  ].join('\n');
}
