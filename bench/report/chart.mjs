import { ratios } from '../lib/statistics.mjs';
import { figuresOf } from './figures.mjs';

const rows = [
  ['discovery', 'Discovery'],
  ['client_credentials_opaque', 'client_credentials, opaque'],
  ['introspection', 'Introspection'],
  ['userinfo', 'UserInfo'],
  ['refresh', 'Refresh with rotation, ES256'],
  ['refresh_kept', 'Refresh, token kept, ES256'],
  ['code_flow', 'Code flow, ES256'],
  ['password_login', 'Password login, Argon2id'],
];
/** Key, name, and x position in the legend. */
const bars = [
  ['gatehouse-sqlite', 'Gatehouse, SQLite', 0],
  ['gatehouse-postgres', 'Gatehouse, PostgreSQL (its processes included)', 170],
  ['oidc-provider', 'node-oidc-provider, SQLite', 510],
];

const width = 820;
const left = 220;
const right = 60;
const barHeight = 14;
const rowHeight = bars.length * barHeight + 16;
const top = 108;

/** A bar chart of work per processor time as a share of the limit. Its colors follow the theme of the reader. */
export function chart(results) {
  const scale = (share) => share * (width - left - right);
  const shown = rows.filter(([key]) => figuresOf(results, key, 'limit'));
  const height = top + shown.length * rowHeight + 44;
  const share = (workloadKey, sideKey) => {
    const own = figuresOf(results, workloadKey, sideKey);
    const limit = figuresOf(results, workloadKey, 'limit');
    return (
      own &&
      ratios(
        limit.slices.map((slice) => slice.cpu),
        own.slices.map((slice) => slice.cpu),
      ).median
    );
  };
  const text = (x, y, content, options = {}) =>
    `<text x="${x}" y="${y}" class="${options.kind ?? 'label'}" text-anchor="${options.anchor ?? 'start'}">${escape(content)}</text>`;
  const parts = [
    text(0, 20, 'Work per processor time', { kind: 'title' }),
    text(
      0,
      40,
      'as a share of a hand-written server that does the same work and nothing else (100 %); longer is better',
      { kind: 'note' },
    ),
    ...bars.flatMap(([key, name, x]) => [
      `<rect x="${x}" y="56" width="12" height="12" rx="2" class="${key}"/>`,
      text(x + 18, 66, name),
    ]),
  ];
  for (const percent of [0, 25, 50, 75, 100]) {
    const x = left + scale(percent / 100);
    parts.push(
      `<line x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 34}" class="${percent === 100 ? 'limit' : 'grid'}"/>`,
    );
    parts.push(text(x, top - 14, `${percent} %`, { anchor: 'middle', kind: 'note' }));
  }
  shown.forEach(([workloadKey, name], row) => {
    const y = top + row * rowHeight + 4;
    parts.push(text(left - 12, y + (bars.length * barHeight) / 2 + 4, name, { anchor: 'end' }));
    bars.forEach(([sideKey], bar) => {
      const value = share(workloadKey, sideKey);
      if (value === undefined) return;
      const barY = y + bar * barHeight;
      parts.push(
        `<rect x="${left}" y="${barY}" width="${Math.max(1, scale(Math.min(value, 1.05))).toFixed(1)}" height="${barHeight - 2}" rx="2" class="${sideKey}"/>`,
      );
      parts.push(
        text(left + scale(Math.min(value, 1.05)) + 6, barY + 10, `${Math.round(value * 100)} %`, { kind: 'note' }),
      );
    });
  });
  const { machine, options, date } = results;
  parts.push(
    text(
      0,
      height - 8,
      `${date}, ${machine.processor}, Node ${machine.node}; median of ${options.repetitions} interleaved repetitions, one processor, SQLite synchronous=FULL`,
      { kind: 'note' },
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 ${width + 10} ${height}" width="${width + 10}" height="${height}" role="img" aria-label="Work per processor time of Gatehouse and node-oidc-provider, as a share of a hand-written server">
<style>${style}</style>
${parts.join('\n')}
</svg>
`;
}

const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.grid { stroke: #d1d9e0; }
.limit { stroke: #59636e; stroke-dasharray: 4 3; }
.gatehouse-sqlite { fill: #0b6e4f; }
.gatehouse-postgres { fill: #63b995; }
.oidc-provider { fill: #9198a1; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .note { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .limit { stroke: #9198a1; }
  .gatehouse-sqlite { fill: #3fb68b; }
  .gatehouse-postgres { fill: #1e6b52; }
  .oidc-provider { fill: #656c76; }
}
`;

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
