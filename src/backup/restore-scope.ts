/** How much of a store a restore brings back. */
export interface RestoreScope {
  /** Tables in full, `schema.table` or `database.table` as inventories write them; every table when absent. */
  tables?: readonly string[];
  /** Schemas of Postgres, databases of ClickHouse; every one when absent. */
  schemas?: readonly string[];
  /** ClickHouse: ids of partitions, of the tables above; every partition when absent. */
  partitions?: readonly string[];
  /** Rows and all that lies around them, one without the other. */
  content: "all" | "structure" | "data";
}
