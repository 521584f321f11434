import type { DataSource } from 'typeorm';

/** Differences between entities and the migrated database, one line each. Indexes and keys are defined only in migrations. */
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
      const expected = new Map(
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
      for (const name of new Set([...expected.keys(), ...actual.keys()]))
        if (expected.get(name) !== actual.get(name))
          differences.push(
            `${entity.tableName}.${name}: the entity says ${expected.get(name) ?? 'nothing'}, the database ${actual.get(name) ?? 'nothing'}`,
          );
    }
  } finally {
    if (source.options.type === 'postgres') await runner.release();
  }
  return differences;
}
