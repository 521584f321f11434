import { answered, clientPost } from '../workloads/messages.mjs';
import { clientOf, verifierOf } from './fill.mjs';

const token = (first, kind, number) => `${(first + number * 2048).toString(36)}.${verifierOf(kind, number)}`;

/** As that client: the stored ones share the secret of the one that was copied. */
function asClient(side, id) {
  return {
    ...side,
    basic: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(side.client.secret)}`).toString('base64')}`,
  };
}

/** Any of the stored tokens, by chance: in a large table nearly each is used for the first time in a while. */
export function introspectAny(side, stored, connections) {
  return introspect(side, stored, connections, (size) => Math.floor(Math.random() * size));
}

/** A thousand tokens that are in use, spread over all that are stored. */
export function introspectSome(side, stored, connections) {
  return introspect(side, stored, connections, (size) => Math.floor((Math.floor(Math.random() * 1000) * size) / 1000));
}

function introspect(side, { size, first }, connections, choose) {
  const doer = async (connection) => {
    const number = choose(size);
    const text = clientPost(asClient(side, clientOf(number, size)), side.paths.introspect, {
      token: token(first, 'access', number),
    });
    const answer = await connection.request(text);
    if (!answer.body.startsWith('{"active":true')) throw new Error(`${answer.status}: ${answer.body}`);
  };
  return Array.from({ length: connections }, () => doer);
}

/** Any of the stored refresh tokens, by chance; a rotated one is followed by its successor the next time. */
export function refreshAny(side, { size, first }, connections) {
  const successors = new Map();
  const busy = new Set();
  const doer = async (connection) => {
    let number = Math.floor(Math.random() * size);
    while (busy.has(number)) number = (number + 1) % size;
    busy.add(number);
    const presented = successors.get(number) ?? token(first, 'refresh', number);
    const text = clientPost(asClient(side, clientOf(number, size)), side.paths.token, {
      grant_type: 'refresh_token',
      refresh_token: presented,
    });
    successors.set(number, answered(await connection.request(text)).refresh_token);
    busy.delete(number);
  };
  return Array.from({ length: connections }, () => doer);
}
