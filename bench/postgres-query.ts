import { Client } from "pg";

/** Runs statements one by one in one session; returns the rows of the last one. */
export async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** An empty database of that name, whatever it held. */
export async function recreate(url: string, database: string): Promise<void> {
  await query(
    url,
    `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`,
    `CREATE DATABASE ${database} TEMPLATE template0`,
    // What earlier commands wrote is not to be paid for by the next one.
    "CHECKPOINT",
  );
}
