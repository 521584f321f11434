import pg from 'pg';

/** Runs statements one after the other, in one session. */
export async function administer(url, ...statements) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
