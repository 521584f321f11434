import { readFileSync } from 'node:fs';

/**
 * Self time by function and by place of the samples between two instants of the monotonic clock (microseconds), which exclude
 * startup and preparation.
 */
export function readProfile(path, from, to) {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(readFileSync(path, 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const functions = new Map();
  const places = new Map();
  let at = startTime;
  let busyMicroseconds = 0;
  samples.forEach((id, index) => {
    const delta = timeDeltas[index];
    at += delta;
    if (at < from || at > to) return;
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    if (functionName === '(idle)') return;
    busyMicroseconds += delta;
    const place = placeOf(url, functionName);
    add(
      functions,
      `${functionName || '(anonymous)'}  ${url === '' ? '' : `${shortUrl(url)}:${lineNumber + 1}`}`,
      delta,
    );
    add(places, place, delta);
  });
  return { functions: sorted(functions), places: sorted(places), busyMicroseconds };
}

function add(map, name, microseconds) {
  map.set(name, (map.get(name) ?? 0) + microseconds);
}

function sorted(map) {
  return [...map]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .sort((a, b) => b.microseconds - a.microseconds);
}

function shortUrl(url) {
  return url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*?\/((apps|libs|bench)\/)/, '$1');
}

function placeOf(url, functionName) {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native code called from JavaScript';
  if (url.startsWith('node:')) return `node: ${url.slice(5).split('/').slice(0, 2).join('/')}`;
  const short = shortUrl(url);
  if (/^(apps|libs)\//.test(short)) return short.split('/').slice(0, 4).join('/');
  return short
    .split('/')
    .slice(0, short.startsWith('@') ? 2 : 1)
    .join('/');
}
