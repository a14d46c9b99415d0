import { expect, test } from "vitest";
import type { SchemaEntry } from "../../../../../src/stores/clickhouse/sql/ddl.ts";
import { Ledger } from "../../../../../src/stores/clickhouse/restore/ledger.ts";
import type { ClickHouseServer } from "../../../../../src/stores/clickhouse/server/server.ts";

const database: SchemaEntry = {
  kind: "database",
  database: "shop",
  name: "shop",
  engine: "Atomic",
  given: "CREATE DATABASE IF NOT EXISTS `shop`",
  portable: "CREATE DATABASE IF NOT EXISTS `shop`",
  dependsOn: [],
};

/** A server on which another run makes the database right after this one has looked for it. */
class ContestedServer {
  readonly statements: string[] = [];
  #looks = 0;

  async rows(): Promise<{ uuid: string }[]> {
    this.#looks += 1;
    return this.#looks === 1 ? [] : [{ uuid: "of-the-other-run" }];
  }

  async run(statement: string): Promise<void> {
    this.statements.push(statement);
    if (/^CREATE DATABASE (?!IF NOT EXISTS)/.test(statement)) throw new Error("it exists already");
  }
}

test("a database that another run made in the same moment is not taken for one's own, and not dropped", async () => {
  const contested = new ContestedServer();
  const server = contested as unknown as ClickHouseServer;
  const ledger = new Ledger();
  await expect(ledger.create(server, database)).rejects.toThrow("it exists already");
  await ledger.dropAll(server);
  expect(contested.statements).toEqual(["CREATE DATABASE `shop`"]);
});

/** A server that holds what was created and not yet dropped. */
class PlainServer {
  readonly statements: string[] = [];
  isThere = false;

  async rows(): Promise<{ uuid: string }[]> {
    return this.isThere ? [{ uuid: "own" }] : [];
  }

  async run(statement: string): Promise<void> {
    this.statements.push(statement);
    this.isThere = statement.startsWith("CREATE");
  }
}

test("what was made can be named for people, and goes without waiting for its files when time is short", async () => {
  const plain = new PlainServer();
  const server = plain as unknown as ClickHouseServer;
  const ledger = new Ledger();
  await ledger.create(server, database);
  expect(ledger.remains).toEqual(["DROP DATABASE `shop` SYNC"]);
  await ledger.dropAll(server, true);
  expect(plain.statements.at(-1)).toBe("DROP DATABASE `shop`");
  expect(ledger.remains).toEqual([]);
});
