import type { DataSource } from 'typeorm';

/** Where entities and the migrated database disagree, a line each; empty when they agree. Indexes and keys stand in the migrations alone. */
export async function schemaDifferences(source: DataSource): Promise<string[]> {
  const differences: string[] = [];
  const runner = source.createQueryRunner();
  try {
    for (const entity of source.entityMetadatas) {
      const table = await runner.getTable(entity.tableName);
      if (!table) {
        differences.push(`${entity.tableName}: there is no such table`);
        continue;
      }
      const wanted = new Map(
        entity.columns.map((column) => [
          column.databaseName,
          `${source.driver.normalizeType(column)}${column.isNullable ? ' null' : ''}${column.isPrimary ? ' primary' : ''}`,
        ]),
      );
      const actual = new Map(
        table.columns.map((column) => [
          column.name,
          `${column.type}${column.isNullable ? ' null' : ''}${column.isPrimary ? ' primary' : ''}`,
        ]),
      );
      for (const name of new Set([...wanted.keys(), ...actual.keys()]))
        if (wanted.get(name) !== actual.get(name))
          differences.push(
            `${entity.tableName}.${name}: the entity says ${wanted.get(name) ?? 'nothing'}, the database ${actual.get(name) ?? 'nothing'}`,
          );
    }
  } finally {
    if (source.options.type === 'postgres') await runner.release();
  }
  return differences;
}
