import { bad, explainAsFinding, good } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { AccessEntities, Grantee } from "./access-sql.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quoteName, quoteTexts } from "../sql/sql-text.ts";
import { mayRead } from "../catalog/rights.ts";
import type { Lack } from "../catalog/rights.ts";

/** Where users live that no statement creates: in a file of the server, or with somebody else. */
const ELSEWHERE = ["users_xml", "users.xml", "ldap", "token"];

const TABLES = ["user_directories", "users", "roles", "quotas", "settings_profiles", "row_policies"];

/** What a server holds of users and their rights, as far as a backup can bring it back. */
export interface Access {
  entities: AccessEntities;
  leftOut: { what: string; why: string }[];
}

/** What the user may not see of other users. */
export async function findLackingAccess(server: ClickHouseServer): Promise<Lack[]> {
  const to = `TO ${quoteName(server.connection.user)}`;
  const what = "may not see other users, their roles, grants, quotas, profiles and row policies";
  const [answer] = await server.runAny("CHECK GRANT SHOW ACCESS ON *.*");
  if (answer?.["result"] !== 1) return [{ what, mend: `GRANT SHOW ACCESS ON *.* ${to}` }];
  const lacks: Lack[] = [];
  for (const table of TABLES) {
    if (await mayRead(server, table)) continue;
    lacks.push({ what: `may not read system.${table}`, mend: `GRANT SELECT ON system.${table} ${to}` });
  }
  return lacks;
}

/** The same for a doctor. @throws AppError CANCELLED alone */
export async function diagnoseAccess(server: ClickHouseServer): Promise<Finding> {
  try {
    const lacks = await findLackingAccess(server);
    if (lacks.length === 0) return good("access", "Users, roles and what they may do can be read.");
    const [what, mend] = [lacks.map((lack) => lack.what), lacks.map((lack) => lack.mend)];
    return bad("access", `The user ${what.join("; ")}.`, mend.join("; "));
  } catch (error) {
    return explainAsFinding("access", error);
  }
}

/**
 * Reads users, roles, grants, quotas, settings profiles, and the row policies of some databases.
 *
 * @param elsewhere - types of user directories whose users are named and not kept
 * @throws AppError STORE_RIGHTS_MISSING, STORE_FAILED
 */
export async function readAccess(
  server: ClickHouseServer,
  databases: readonly string[],
  elsewhere: readonly string[] = ELSEWHERE,
): Promise<Access> {
  const directories = await server.rows<{ name: string; type: string }>(
    "SELECT name, type FROM system.user_directories",
  );
  const fixed = new Map(
    directories.filter(({ type }) => elsewhere.includes(type)).map(({ name, type }) => [name, type]),
  );
  const leftOut: Access["leftOut"] = [];
  const list = async (what: string, table: string, where = "1"): Promise<string[]> => {
    const found = await server.rows<{ name: string; storage: string }>(
      `SELECT name, storage FROM system.${table} WHERE ${where} ORDER BY name`,
    );
    const isKept = ({ storage }: { storage: string }): boolean => !fixed.has(storage);
    for (const { name, storage } of found.filter((each) => !isKept(each))) {
      leftOut.push({ what: `${what} ${name}`, why: `The server has it from ${fixed.get(storage)}.` });
    }
    return found.filter(isKept).map(({ name }) => name);
  };
  const describe = async (what: string, names: readonly string[]) => {
    const described: { name: string; create: string }[] = [];
    for (const name of names) {
      const [create = ""] = await show(server, `SHOW CREATE ${what} ${quoteName(name)}`);
      described.push({ name, create });
    }
    return described;
  };
  const withGrants = async (what: string, names: readonly string[]): Promise<Grantee[]> => {
    const grantees: Grantee[] = [];
    for (const each of await describe(what, names)) {
      grantees.push({ ...each, grants: await show(server, `SHOW GRANTS FOR ${quoteName(each.name)}`) });
    }
    return grantees;
  };
  const profiles = await describe("SETTINGS PROFILE", await list("settings profile", "settings_profiles"));
  const quotas = await describe("QUOTA", await list("quota", "quotas"));
  const roles = await withGrants("ROLE", await list("role", "roles"));
  const users = await withGrants("USER", await list("user", "users"));
  const inScope = databases.length === 0 ? "0" : `database IN (${quoteTexts(databases)})`;
  const policyNames = new Set(await list("row policy", "row_policies", inScope));
  const policies = policyNames.size === 0 ? [] : await describePolicies(server, inScope, policyNames);
  return { entities: { profiles, quotas, roles, users, policies }, leftOut };
}

async function describePolicies(server: ClickHouseServer, inScope: string, kept: ReadonlySet<string>) {
  const found = await server.rows<{ name: string; own: string; database: string; table: string }>(
    `SELECT name, short_name AS own, database, table FROM system.row_policies WHERE ${inScope} ORDER BY name`,
  );
  const policies: { name: string; create: string }[] = [];
  for (const { name, own, database, table } of found) {
    if (!kept.has(name)) continue;
    const on = `${quoteName(database)}.${table === "" ? "*" : quoteName(table)}`;
    const [create = ""] = await show(server, `SHOW CREATE ROW POLICY ${quoteName(own)} ON ${on}`);
    policies.push({ name, create });
  }
  return policies;
}

/** Its one column has the statement's own text for a name. */
async function show(server: ClickHouseServer, statement: string): Promise<string[]> {
  const rows = await server.runAny(statement);
  return rows.map((row) => String(Object.values(row)[0]));
}
