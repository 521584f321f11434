import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Letters that do not decompose into a base letter and a mark, and what they are found by. */
const letters: readonly (readonly [string, string])[] = [
  ['ß', 'ss'],
  ['ẞ', 'ss'],
  ['æ', 'ae'],
  ['Æ', 'ae'],
  ['œ', 'oe'],
  ['Œ', 'oe'],
  ['ø', 'o'],
  ['Ø', 'o'],
  ['ł', 'l'],
  ['Ł', 'l'],
  ['đ', 'd'],
  ['Đ', 'd'],
  ['ı', 'i'],
  ['ς', 'σ'],
];

/**
 * The text by which administrators find users. Triggers maintain it, so that rows which processes of the version before
 * write are included; they call no function that a process would have to register.
 */
export class UserSearch1795950000721 implements MigrationInterface {
  readonly name = 'UserSearch1795950000721';

  async up(runner: QueryRunner): Promise<void> {
    await (ddl(runner).dialect === 'sqlite' ? upSqlite(runner) : upPostgres(runner));
  }

  async down(runner: QueryRunner): Promise<void> {
    if (ddl(runner).dialect === 'sqlite') {
      await runner.query('DROP TRIGGER users_search_insert');
      await runner.query('DROP TRIGGER users_search_update');
      await runner.query('DROP TRIGGER users_search_delete');
      await runner.query('DROP TABLE user_search_trigrams');
      await runner.query('DROP TABLE user_search');
      return;
    }
    // The extension stays: other schemas of the database may use it.
    await runner.query('DROP TRIGGER users_search ON users');
    await runner.query('DROP FUNCTION users_search_changed()');
    await runner.query('DROP TABLE user_search');
    await runner.query('DROP FUNCTION user_search_text(users)');
  }
}

/**
 * Searches the accounts that exist. A step of its own: creating a trigger on PostgreSQL locks `users` against writes until
 * the transaction ends, and this takes a minute at a million users.
 */
export class UserSearchRows1795950000722 implements MigrationInterface {
  readonly name = 'UserSearchRows1795950000722';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      ddl(runner).dialect === 'sqlite'
        ? `INSERT INTO user_search (user_id, text) SELECT id, ${sqliteText('users')} FROM users WHERE TRUE ORDER BY id
           ON CONFLICT (user_id) DO NOTHING`
        : // Locked as the foreign key would lock them: a user who is deleted meanwhile is left out, and one who is renamed
          // is read as renamed.
          `INSERT INTO user_search (user_id, text) SELECT id, user_search_text(users) FROM users ORDER BY id FOR KEY SHARE
           ON CONFLICT (user_id) DO NOTHING`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM user_search');
  }
}

const searchedColumns = 'username_key, name, given_name, family_name, email_key, profile';

async function upSqlite(runner: QueryRunner): Promise<void> {
  const t = ddl(runner);
  // The index refers to rows by number and not by the row id of users, which VACUUM may change.
  await runner.query(
    `CREATE TABLE user_search (number INTEGER PRIMARY KEY NOT NULL,
       user_id ${t.id} NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE, text ${t.text} NOT NULL)`,
  );
  await runner.query(
    `CREATE VIRTUAL TABLE user_search_trigrams USING fts5 (
       text, content = 'user_search', content_rowid = 'number', tokenize = 'trigram remove_diacritics 1')`,
  );
  const add = 'INSERT INTO user_search_trigrams (rowid, text) VALUES (new.number, new.text);';
  const remove = `INSERT INTO user_search_trigrams (user_search_trigrams, rowid, text) VALUES ('delete', old.number, old.text);`;
  await runner.query(`CREATE TRIGGER user_search_insert AFTER INSERT ON user_search BEGIN ${add} END`);
  await runner.query(`CREATE TRIGGER user_search_delete AFTER DELETE ON user_search BEGIN ${remove} END`);
  await runner.query(
    `CREATE TRIGGER user_search_update AFTER UPDATE OF text ON user_search BEGIN ${remove} ${add} END`,
  );
  await runner.query(
    `CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
       INSERT INTO user_search (user_id, text) VALUES (new.id, ${sqliteText('new')}); END`,
  );
  await runner.query(
    `CREATE TRIGGER users_search_update AFTER UPDATE OF ${searchedColumns} ON users
     WHEN ${sqliteText('old')} <> ${sqliteText('new')} BEGIN
       UPDATE user_search SET text = ${sqliteText('new')} WHERE user_id = new.id; END`,
  );
  // Beside the foreign key, which is off while a migration runs.
  await runner.query(
    `CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
       DELETE FROM user_search WHERE user_id = old.id; END`,
  );
}

/** A line for each name; lines keep a search from matching across two of them. The tokenizer folds case and diacritics. */
function sqliteText(row: string): string {
  const member = (name: string): string =>
    `CASE WHEN json_valid(${row}.profile) THEN coalesce(json_extract(${row}.profile, '$.${name}'), '') ELSE '' END`;
  const lines = [
    `${row}.username_key`,
    `coalesce(${row}.name, '')`,
    `coalesce(${row}.given_name, '') || ' ' || coalesce(${row}.family_name, '')`,
    member('nickname'),
    member('middleName'),
    `coalesce(${row}.email_key, '')`,
  ];
  return letters.reduce((text, [from, to]) => `replace(${text}, '${from}', '${to}')`, lines.join(' || char(10) || '));
}

async function upPostgres(runner: QueryRunner): Promise<void> {
  const t = ddl(runner);
  await runner.query(
    `CREATE TABLE user_search (number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
       user_id ${t.id} NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE, text ${t.text} NOT NULL)`,
  );
  await createTrigramIndex(runner);
  await runner.query(
    `CREATE FUNCTION user_search_text(account users) RETURNS text LANGUAGE plpgsql STABLE AS $body$
     DECLARE
       typed text := concat_ws(chr(10), account.username_key, account.name,
         concat_ws(' ', account.given_name, account.family_name), account.email_key);
     BEGIN
       IF account.profile IS NOT NULL THEN
         BEGIN
           typed := concat_ws(chr(10), typed, account.profile::json ->> 'nickname', account.profile::json ->> 'middleName');
         EXCEPTION WHEN data_exception THEN
           -- JSON text that PostgreSQL cannot represent must not keep an account from being stored.
           NULL;
         END;
       END IF;
       RETURN ${await postgresFolding(runner)};
     END $body$`,
  );
  // Its owner's rights and path: the role of a process of the version before may have no privilege on the new table.
  await runner.query(
    `CREATE FUNCTION users_search_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
     BEGIN
       INSERT INTO user_search (user_id, text) VALUES (NEW.id, user_search_text(NEW))
       ON CONFLICT (user_id) DO UPDATE SET text = EXCLUDED.text WHERE user_search.text <> EXCLUDED.text;
       RETURN NULL;
     END $body$`,
  );
  await runner.query(
    `CREATE TRIGGER users_search AFTER INSERT OR UPDATE OF ${searchedColumns} ON users
     FOR EACH ROW EXECUTE FUNCTION users_search_changed()`,
  );
}

/** An expression that folds `typed` as `searchText` of the application does, as far as the server can. */
async function postgresFolding(runner: QueryRunner): Promise<string> {
  const [encoding] = (await runner.query('SHOW server_encoding')) as { server_encoding: string }[];
  // Of other encodings PostgreSQL neither normalizes text nor knows its characters.
  if (encoding?.server_encoding !== 'UTF8') return 'lower(typed)';
  // lower() of the database's own collation may know the letters of ASCII alone.
  const collations = (await runner.query(
    `SELECT collname AS name FROM pg_collation
     WHERE collname IN ('pg_c_utf8', 'und-x-icu') AND collnamespace = 'pg_catalog'::regnamespace ORDER BY collname`,
  )) as { name: string }[];
  const collation = collations[0] ? ` COLLATE "${collations[0].name}"` : '';
  const plain = `lower(regexp_replace(normalize(typed, NFKD), '[\\u0300-\\u036f]', '', 'g')${collation})`;
  const folded = letters.reduce((text, [from, to]) => `replace(${text}, '${from}', '${to}')`, plain);
  return `CASE WHEN octet_length(typed) = length(typed) THEN lower(typed) ELSE normalize(${folded}, NFC) END`;
}

/** The search works without the index too, slowly: a role that may not add the extension must not fail the migration. */
async function createTrigramIndex(runner: QueryRunner): Promise<void> {
  await runner.query('SAVEPOINT trigrams');
  try {
    await runner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    // It may have been added to a schema that is not in the search path.
    const [extension] = (await runner.query(
      `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
       WHERE e.extname = 'pg_trgm'`,
    )) as { schema: string }[];
    await runner.query(
      `CREATE INDEX user_search_trigrams ON user_search USING gin (text ${extension?.schema ?? 'public'}.gin_trgm_ops)`,
    );
    await runner.query('RELEASE SAVEPOINT trigrams');
  } catch (error) {
    await runner.query('ROLLBACK TO SAVEPOINT trigrams');
    if (!isMissingOrForbidden(error)) throw error;
  }
}

/** insufficient_privilege; feature_not_supported and undefined_file where the server has no such extension. */
function isMissingOrForbidden(error: unknown): boolean {
  const code = (error as { readonly driverError?: { readonly code?: unknown } }).driverError?.code;
  return code === '42501' || code === '0A000' || code === '58P01';
}
