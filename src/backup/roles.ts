import type { PostgresManifest, RoleAttributes } from "./manifest.ts";

/** The roles that a backup names, each with its attributes. */
export function listRoles({
  roles,
  roleAttributes = [],
}: Pick<PostgresManifest, "roles" | "roleAttributes">): RoleAttributes[] {
  return roles.map((name) => roleAttributes.find((role) => role.name === name) ?? { name });
}

/** The statement that makes such a role, without a login. */
export function createRole({ name, bypassesRls = false, inherits = true }: RoleAttributes): string {
  const attributes = [...(bypassesRls ? ["BYPASSRLS"] : []), ...(inherits ? [] : ["NOINHERIT"])];
  return `CREATE ROLE ${[quoteIdentifier(name), "NOLOGIN", ...attributes].join(" ")};`;
}

/** The statements that make a role a member of others. */
export function grantMemberships({ name, memberOf = [] }: RoleAttributes): string[] {
  return memberOf.map((group) => `GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(name)};`);
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
