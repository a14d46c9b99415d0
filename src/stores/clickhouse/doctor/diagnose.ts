import { AppError } from "../../../errors.ts";
import { bad, explainAsFinding, findOrExplain, good, warning } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import { formatBytes, formatCount } from "../../../report/quantities.ts";
import type { RunContext } from "../../../run-context.ts";
import { readCatalog } from "../catalog/catalog.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { findLeftovers } from "../restore/leftovers.ts";
import { EXACT_READ } from "../catalog/reading.ts";
import { findHiddenRows, findLackingRights } from "../catalog/rights.ts";
import type { Lack } from "../catalog/rights.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quoteName, quotePath, quoteText, quoteTexts } from "../sql/sql-text.ts";

/** Since then a query that fails in mid-answer says so in the answer itself, not only by breaking it off. */
const TAGGED_SINCE = [25, 11] as const;
const SKEW_LIMIT_MS = 60_000;
const LAG_LIMIT_SECONDS = 300;
/** Parts of one table, all of which a server looks through for each partition that is read: about 30 ms with so many. */
const PARTS_LIMIT = 3_000;
/** Blocks of wide rows take this much on their way out. */
const MEMORY_FLOOR_BYTES = 1_000_000_000;

const LEFT_OUT_SHOWN = 10;

/** Looks at everything that a backup needs of a server it is connected to. @throws AppError CANCELLED alone */
export async function diagnoseServer(
  server: ClickHouseServer,
  databases: readonly string[] | undefined,
  context: RunContext,
): Promise<Finding[]> {
  const findings = [judgeVersion(server)];
  const lacks = await collect(findings, "rights", () => findLackingRights(server, databases));
  if (lacks.length > 0) return [...findings, ...lacks.map(lackOf)];
  const catalog = await readCatalog(server, databases).catch((error: unknown) => {
    findings.push(explainAsFinding("rights", error));
    return undefined;
  });
  if (!catalog) return findings;
  const hidden = await collect(findings, "rights", () => findHiddenRows(server, catalog));
  findings.push(
    ...(hidden.length > 0
      ? hidden.map(lackOf)
      : [
          good("rights", `User ${server.connection.user} sees every table and row of ${listNames(catalog)}.`),
        ]),
    await checkStream(server, context),
    await compareClocks(server, context),
  );
  const unseen: string[] = [];
  for (const look of [
    lookAtSize,
    lookAtParts,
    lookAtMemory,
    lookAtQuotas,
    lookAtMutations,
    lookAtReplicas,
    lookAtDetached,
    () => findLeftovers(server, context),
  ]) {
    try {
      findings.push(...(await look(server, catalog)));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "STORE_RIGHTS_MISSING") {
        findings.push(explainAsFinding("server", error));
        continue;
      }
      unseen.push(/system\.\w+/.exec(error.message)?.[0] ?? "system.*");
    }
  }
  if (unseen.length > 0) {
    const tables = [...new Set(unseen)].sort();
    findings.push(
      good(
        "server",
        `Not looked at, since the user may not: ${tables.join(", ")}. A backup does not need it; GRANT SELECT lets doctor see more.`,
      ),
    );
  }
  findings.push(...judgePlace(server, catalog), describeLeftOut(catalog));
  return findings;
}

async function collect(findings: Finding[], check: string, look: () => Promise<Lack[]>): Promise<Lack[]> {
  try {
    return await look();
  } catch (error) {
    findings.push(explainAsFinding(check, error));
    return [];
  }
}

function lackOf({ what, mend }: Lack): Finding {
  return bad("rights", `The user ${what}.`, mend);
}

function judgeVersion({ version, connection }: ClickHouseServer): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const found = `ClickHouse ${version} at ${connection.endpoint}`;
  const [taggedMajor, taggedMinor] = TAGGED_SINCE;
  if (major > taggedMajor || (major === taggedMajor && minor >= taggedMinor))
    return good("version", `${found}.`);
  return warning(
    "version",
    `${found}: an answer that fails in the middle is known only by being broken off, and the reason stays on the server.`,
    `Upgrade to ${TAGGED_SINCE.join(".")} or later.`,
  );
}

/** The way that rows take, with a few of them: compression, and an answer that ends as it must. */
async function checkStream(server: ClickHouseServer, { signal }: RunContext): Promise<Finding> {
  return await findOrExplain("compression", async () => {
    let bytes = 0;
    const query = "SELECT arrayJoin(range(100000)) AS number FORMAT Native";
    for await (const chunk of server.openExport(query, EXACT_READ, signal)) bytes += chunk.length;
    return `The server answers in zstd (${formatBytes(bytes)} for ${formatBytes(800_000)} of numbers), and nothing on the way changes that.`;
  });
}

async function compareClocks(server: ClickHouseServer, { clock }: RunContext): Promise<Finding> {
  const before = clock.now().getTime();
  const [row] = await server.rows<{ ms: string }>("SELECT toUnixTimestamp64Milli(now64(3)) AS ms");
  const here = (before + clock.now().getTime()) / 2; // the answer takes its time
  const skewMs = Number(row?.ms ?? 0) - here;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= SKEW_LIMIT_MS)
    return good("clock", "The server's clock agrees with this machine's.");
  return warning(
    "clock",
    `The server's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's: a backup's age would be told wrongly.`,
    "timedatectl set-ntp true, on the one that is wrong",
  );
}

async function lookAtSize(server: ClickHouseServer, { databases }: Catalog): Promise<Finding[]> {
  const [row] = await server.rows<Record<"partitions" | "parts" | "bytes" | "rows" | "written", string>>(
    `SELECT uniqExact(database, table, partition_id) AS partitions, count() AS parts, sum(bytes_on_disk) AS bytes, sum(rows) AS rows,
       uniqExactIf((database, table), modification_time > now() - 60 AND level = 0) AS written
     FROM system.parts WHERE active AND database IN (${listOf(databases)})`,
  );
  const number = (name: "partitions" | "parts" | "bytes" | "rows" | "written"): number =>
    Number(row?.[name] ?? 0);
  const written =
    number("written") > 0
      ? ` ${formatCount(number("written"))} of its tables were written to in the last minute: the newest partitions may be read more than once.`
      : "";
  const size = `${formatCount(number("rows"))} rows in ${formatCount(number("partitions"))} partitions and ${formatCount(number("parts"))} parts, ${formatBytes(number("bytes"))} on disk: about what a first backup sends.${written}`;
  return [good("size", size)];
}

async function lookAtParts(server: ClickHouseServer, { databases }: Catalog): Promise<Finding[]> {
  const rows = await server.rows<Record<"database" | "table" | "partitions" | "parts", string>>(
    `SELECT database, table, uniqExact(partition_id) AS partitions, count() AS parts FROM system.parts
     WHERE active AND database IN (${listOf(databases)})
     GROUP BY database, table HAVING parts >= ${PARTS_LIMIT} ORDER BY parts DESC`,
  );
  return rows.map(({ database, table, partitions, parts }) =>
    warning(
      "parts",
      `${database}.${table} lies in ${formatCount(Number(parts))} parts of ${formatCount(Number(partitions))} partitions: each partition is read by a query of its own, for which the server looks through all of them.`,
      `OPTIMIZE TABLE ${quotePath(database, table)}, where partitions have many parts each; else rows move to a table with coarser partitions, such as toYYYYMM`,
    ),
  );
}

async function lookAtMemory(server: ClickHouseServer): Promise<Finding[]> {
  const rows = await server.rows<{ name: string; value: string }>(
    "SELECT name, value FROM system.settings WHERE name IN ('max_memory_usage', 'max_memory_usage_for_user')",
  );
  return rows.flatMap(({ name, value }) => {
    const limit = Number(value);
    if (limit === 0 || limit >= MEMORY_FLOOR_BYTES) return [];
    return [
      warning(
        "memory",
        `The user's ${name} is ${formatBytes(limit)}: wide rows may need more.`,
        `ALTER USER ${quoteName(server.connection.user)} MODIFY SETTINGS ${name} = ${4 * MEMORY_FLOOR_BYTES}`,
      ),
    ];
  });
}

const QUOTAS = [
  "queries",
  "query_selects",
  "errors",
  "result_rows",
  "result_bytes",
  "read_rows",
  "read_bytes",
  "execution_time",
] as const;

/** A quota ends a backup in the middle, and no setting of a query lifts it. */
async function lookAtQuotas(server: ClickHouseServer): Promise<Finding[]> {
  const limits = QUOTAS.map((name) => `('${name}', toString(max_${name}))`).join(", ");
  const rows = await server.rows<{ quota_name: string; duration: number; limits: [string, string][] }>(
    `SELECT quota_name, assumeNotNull(duration) AS duration, arrayFilter(x -> x.2 IS NOT NULL AND x.2 != '0', [${limits}]) AS limits
     FROM system.quota_usage WHERE duration IS NOT NULL AND notEmpty(limits)`,
  );
  const user = quoteName(server.connection.user);
  return rows.map(({ quota_name, duration, limits: held }) => {
    const texts = held.map(([name, most]) => `${most} ${name.replace("_", " ")}`);
    return warning(
      "quota",
      `Quota ${quota_name} allows the user ${texts.join(", ")} in ${duration} s: a backup may end in the middle.`,
      `ALTER QUOTA ${quoteName(quota_name)} TO ALL EXCEPT ${user}; CREATE QUOTA lifeboat FOR INTERVAL 1 HOUR NO LIMITS TO ${user}`,
    );
  });
}

async function lookAtMutations(server: ClickHouseServer, { databases }: Catalog): Promise<Finding[]> {
  const rows = await server.rows<{ database: string; table: string; id: string; reason: string }>(
    `SELECT database, table, mutation_id AS id, latest_fail_reason AS reason FROM system.mutations
     WHERE NOT is_done AND database IN (${listOf(databases)}) ORDER BY create_time`,
  );
  return rows.map(({ database, table, id, reason }) =>
    warning(
      "mutations",
      reason === ""
        ? `A mutation of ${database}.${table} is under way: the backup holds the rows before or after it, by partition.`
        : `A mutation of ${database}.${table} fails again and again, and keeps its parts from being merged.`,
      reason === ""
        ? `SELECT parts_to_do FROM system.mutations WHERE mutation_id = ${quoteText(id)}, until it is done`
        : `KILL MUTATION WHERE database = ${quoteText(database)} AND table = ${quoteText(table)} AND mutation_id = ${quoteText(id)}`,
    ),
  );
}

async function lookAtReplicas(server: ClickHouseServer, { databases }: Catalog): Promise<Finding[]> {
  const rows = await server.rows<{ database: string; table: string; readonly: number; delay: string }>(
    `SELECT database, table, is_readonly AS readonly, absolute_delay AS delay FROM system.replicas
     WHERE database IN (${listOf(databases)}) AND (is_readonly OR absolute_delay > ${LAG_LIMIT_SECONDS})`,
  );
  return rows.map(({ database, table, readonly, delay }) =>
    warning(
      "replicas",
      readonly === 1
        ? `This replica of ${database}.${table} has lost its Keeper and gets no new rows: the backup would lack them.`
        : `This replica of ${database}.${table} is ${delay} s behind: the backup would lack the newest rows.`,
      readonly === 1
        ? `SYSTEM RESTART REPLICA ${quotePath(database, table)}`
        : `SYSTEM SYNC REPLICA ${quotePath(database, table)}`,
    ),
  );
}

async function lookAtDetached(server: ClickHouseServer, { databases }: Catalog): Promise<Finding[]> {
  const rows = await server.rows<{ database: string; table: string; parts: string; reasons: string[] }>(
    `SELECT database, table, count() AS parts, arrayFilter(x -> x != '', groupUniqArray(ifNull(reason, ''))) AS reasons FROM system.detached_parts
     WHERE database IN (${listOf(databases)}) GROUP BY ALL ORDER BY database, table`,
  );
  return rows.map(({ database, table, parts, reasons }) =>
    warning(
      "detached parts",
      `${database}.${table} has detached parts (${parts}${reasons.length > 0 ? `, ${reasons.join(", ")}` : ""}), whose rows are in no backup.`,
      `SELECT name, reason FROM system.detached_parts WHERE database = ${quoteText(database)} AND table = ${quoteText(table)}, then ALTER TABLE ${quotePath(database, table)} ATTACH PART or DROP DETACHED PART each`,
    ),
  );
}

function judgePlace({ connection }: ClickHouseServer, { entries }: Catalog): Finding[] {
  const isCloud =
    new URL(connection.endpoint).hostname.endsWith(".clickhouse.cloud") ||
    entries.some(({ engine }) => engine.startsWith("Shared"));
  if (!isCloud) return [];
  return [
    warning(
      "cost",
      "This is ClickHouse Cloud: a backup wakes it, and it stays awake, and is billed, until its idle time has passed.",
      "One backup a night, all its reads in one window, and nothing else that connects (status reads the destination alone)",
    ),
  ];
}

function describeLeftOut({ leftOut }: Catalog): Finding {
  const named = leftOut.slice(0, LEFT_OUT_SHOWN).map(({ what, why }) => `${what}: ${why}`);
  const further = leftOut.length - named.length;
  const rest = further > 0 ? ` And ${formatCount(further)} more, which the manifest of a backup names.` : "";
  return good("left out", `Not in a backup, or not whole: ${named.join(" ")}${rest}`);
}

function listNames({ databases }: Catalog): string {
  return databases.join(", ");
}

/** An empty list is no SQL. */
function listOf(databases: readonly string[]): string {
  return databases.length === 0 ? "''" : quoteTexts(databases);
}
