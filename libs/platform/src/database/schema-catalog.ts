import type { QueryRunner } from 'typeorm';

/** A table, or a column, key, index or trigger of one, as described by the database. */
export interface SchemaObject {
  readonly table: string;
  readonly kind: 'table' | 'column' | 'constraint' | 'index' | 'trigger';
  readonly name: string;
  /** Two objects of one engine with the same definition are equivalent. */
  readonly definition: string;
}

/**
 * The objects of all tables of the current schema: columns in order, everything else by name. Excludes what does not affect
 * statements: owners, privileges, comments and storage parameters.
 */
export async function readCatalog(runner: QueryRunner): Promise<SchemaObject[]> {
  const isPostgres = runner.dataSource.options.type === 'postgres';
  const rows = (await runner.query(isPostgres ? postgresCatalog : sqliteCatalog)) as SchemaObject[];
  return rows.map(({ table, kind, name, definition }) => {
    const text = isPostgres ? definition : kind === 'table' ? tableClauses(definition) : oneLine(definition);
    return { table, kind, name, definition: text };
  });
}

/**
 * Differences between a schema and the expected one, one line each.
 * @param additions whether additional objects are accepted: `none`, or `any` where migrations that only add have run
 */
export function catalogDifferences(
  expected: readonly SchemaObject[],
  found: readonly SchemaObject[],
  additions: 'none' | 'any',
): string[] {
  const foundByKey = new Map(found.map((each) => [keyOf(each), each]));
  const expectedKeys = new Set(expected.map(keyOf));
  const expectedTables = new Set(expected.map(({ table }) => table));
  const foundTables = new Set(found.map(({ table }) => table));
  const differences = expected.flatMap((each) => {
    if (!foundTables.has(each.table)) return each.kind === 'table' ? [`${nameOf(each)} is missing`] : [];
    const other = foundByKey.get(keyOf(each));
    if (other === undefined) return [`${nameOf(each)} is missing`];
    if (other.definition === each.definition) return [];
    return [`${nameOf(each)} is "${other.definition}" instead of "${each.definition}"`];
  });
  if (additions === 'any') return differences;
  // The schema may contain tables of other programs, and operators may add indexes that enforce nothing.
  const added = found.filter(
    (each) =>
      expectedTables.has(each.table) && !expectedKeys.has(keyOf(each)) && !/^CREATE INDEX /i.test(each.definition),
  );
  return [...differences, ...added.map((each) => `${nameOf(each)} is unknown`)];
}

function keyOf({ table, kind, name }: SchemaObject): string {
  return `${table} ${kind} ${name}`;
}

function nameOf({ table, kind, name }: SchemaObject): string {
  return kind === 'table' ? `table ${table}` : `${kind} ${name} of table ${table}`;
}

const postgresCatalog = `
  WITH tables AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
  )
  SELECT relname AS "table", 'table' AS kind, relname AS name, '' AS definition, 0 AS position FROM tables
  UNION ALL
  SELECT t.relname, 'column', a.attname,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> y.typcollation THEN 'COLLATE ' || l.collname END,
      CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
      CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END, CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END),
    a.attnum
  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
  UNION ALL
  SELECT t.relname, 'constraint', o.conname, pg_get_constraintdef(o.oid, true), 0
  FROM tables t JOIN pg_constraint o ON o.conrelid = t.oid AND o.contype IN ('p', 'u', 'f', 'c', 'x')
  UNION ALL
  SELECT t.relname, 'index', c.relname,
    replace(pg_get_indexdef(c.oid, 0, true), ' ON ONLY ', ' ON ') || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END, 0
  FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
  UNION ALL
  SELECT t.relname, 'trigger', g.tgname, pg_get_triggerdef(g.oid, true), 0
  FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
  ORDER BY 1, 2, 5, 3`;

/** Keys declared in a table's text have no name on SQLite: they are named after their columns. */
const sqliteCatalog = `
  WITH tables AS (SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')
  SELECT name AS "table", 'table' AS kind, name AS name, sql AS definition, 0 AS position FROM tables
  UNION ALL
  SELECT t.name, 'column', c.name,
    lower(c.type) || CASE WHEN c."notnull" THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || c.dflt_value, '')
      || CASE WHEN c.pk > 0 THEN ' PRIMARY KEY ' || c.pk ELSE '' END, c.cid
  FROM tables t JOIN pragma_table_xinfo(t.name) c
  UNION ALL
  SELECT t.name, 'constraint', 'UNIQUE (' || group_concat(i.name, ', ') || ')', 'UNIQUE', 0
  FROM tables t JOIN pragma_index_list(t.name) l ON l.origin = 'u' JOIN pragma_index_info(l.name) i
  GROUP BY t.name, l.name
  UNION ALL
  SELECT t.name, 'constraint', 'FOREIGN KEY (' || group_concat(f."from", ', ') || ')',
    'REFERENCES ' || f."table" || ' (' || group_concat(coalesce(f."to", ''), ', ') || ') ON DELETE ' || f.on_delete
      || ' ON UPDATE ' || f.on_update, 0
  FROM tables t JOIN pragma_foreign_key_list(t.name) f GROUP BY t.name, f.id
  UNION ALL
  SELECT m.tbl_name, m.type, m.name, m.sql, 0 FROM sqlite_master m
  WHERE m.type IN ('index', 'trigger') AND m.sql IS NOT NULL
  ORDER BY 1, 2, 5, 3`;

/** Clauses of a SQLite table's text that restrict values and appear in neither its columns nor its keys. */
function tableClauses(text: string): string {
  const clauses = /\b(AUTOINCREMENT|CHECK|COLLATE|CONFLICT|DEFERRABLE|GENERATED|STRICT|VIRTUAL|WITHOUT\s+ROWID)\b/gi;
  const withoutLiterals = text.replace(/'(?:[^']|'')*'/g, '');
  return (withoutLiterals.match(clauses) ?? []).map((clause) => oneLine(clause.toUpperCase())).join(' ');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
