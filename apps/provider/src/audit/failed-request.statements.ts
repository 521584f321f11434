import { statement } from '@gatehouse/platform/database/store';

const columns = `selector, request_id, at, endpoint, reason, error, description, client_id, address, parameters,
  client_authenticated, administrator_id`;

export const failedRequestStatements = {
  insert: statement(
    'refusals.insert',
    `INSERT INTO refusals (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 <> 0, $12)`,
  ),
  list: statement(
    'refusals.list',
    `SELECT ${columns} FROM refusals WHERE selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  listOfClient: statement(
    'refusals.list_of_client',
    `SELECT ${columns} FROM refusals WHERE client_id = $3 AND selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  listOfKnownSenders: statement(
    'refusals.list_of_known_senders',
    `SELECT ${columns} FROM refusals WHERE (client_authenticated = TRUE OR administrator_id IS NOT NULL)
       AND selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  listOfRequest: statement(
    'refusals.list_of_request',
    `SELECT ${columns} FROM refusals WHERE request_id = $3 AND selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  find: statement('refusals.find', `SELECT ${columns} FROM refusals WHERE selector = $1`),
  purge: statement('refusals.purge', 'DELETE FROM refusals WHERE at <= $1'),
  // Two ranges, so that both engines use an index: not among the newest $1 rows, and among the oldest $2.
  boundAuthenticated: statement(
    'refusals.bound_authenticated',
    `DELETE FROM refusals WHERE client_authenticated = TRUE
       AND selector <= (SELECT selector FROM refusals WHERE client_authenticated = TRUE
                        ORDER BY selector DESC LIMIT 1 OFFSET $1)
       AND selector < (SELECT selector FROM refusals WHERE client_authenticated = TRUE
                       ORDER BY selector LIMIT 1 OFFSET $2)`,
  ),
  boundOthers: statement(
    'refusals.bound_others',
    `DELETE FROM refusals WHERE client_authenticated = FALSE
       AND selector <= (SELECT selector FROM refusals WHERE client_authenticated = FALSE
                        ORDER BY selector DESC LIMIT 1 OFFSET $1)
       AND selector < (SELECT selector FROM refusals WHERE client_authenticated = FALSE
                       ORDER BY selector LIMIT 1 OFFSET $2)`,
  ),
  count: statement(
    'refusal_counts.add',
    `INSERT INTO refusal_counts (source, hour, count) VALUES ($1, $2, $3)
     ON CONFLICT (source, hour) DO UPDATE SET count = refusal_counts.count + excluded.count`,
  ),
  addTo: statement(
    'refusal_counts.add_to',
    'UPDATE refusal_counts SET count = count + $3 WHERE source = $1 AND hour = $2',
  ),
  sourcesIn: statement('refusal_counts.sources_in', 'SELECT COUNT(*) AS n FROM refusal_counts WHERE hour = $1'),
  counts: statement(
    'refusal_counts.list',
    'SELECT source, SUM(count) AS count FROM refusal_counts WHERE hour >= $1 GROUP BY source ORDER BY 2 DESC LIMIT $2',
  ),
  purgeCounts: statement('refusal_counts.purge', 'DELETE FROM refusal_counts WHERE hour < $1'),
};
