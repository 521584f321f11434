// A second process that spends one refresh token in each commit, 50 times a second: `node busy-writer.cjs FILE TOKENS`.
// It prints how many it has spent after each commit. The n-th token that it spends is `(n * stride) % TOKENS + 1`.
const Driver = require('better-sqlite3');

const [file, tokens] = process.argv.slice(2);
const stride = 7919;
const database = new Driver(file, { timeout: 10_000 });
database.pragma('synchronous = FULL');
const spend = database.prepare('UPDATE refresh_tokens SET consumed_at = ? WHERE selector = ? AND consumed_at IS NULL');
const count = database.prepare(
  "INSERT INTO counters (name, value) VALUES ('spent', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);
let spent = 0;
const commit = database.transaction(() => {
  spent += 1;
  if (spend.run(spent, ((spent * stride) % Number(tokens)) + 1).changes !== 1) throw new Error('spent twice');
  count.run(spent);
});
setInterval(() => {
  commit.immediate();
  process.stdout.write(`${spent}\n`);
}, 20);
