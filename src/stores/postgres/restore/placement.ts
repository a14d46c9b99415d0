import { randomBytes } from "node:crypto";
import { escapeLiteral } from "pg";
import type { PostgresManifest } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Placement } from "../../store.ts";
import { connectionTo, describeHost } from "../server/connection.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { quoteIdent } from "../server/faults.ts";
import { isSupabase } from "../server/poolers.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";

/** How often the old database's sessions are ended before it is given up: applications come back at once. */
const SWAP_ATTEMPTS = 5;
/** Every server has the first, almost every one the second. */
const USUAL_MAINTENANCE = ["postgres", "template1"];

/** Makes the database that a restore goes into, and lets it take the place of another one. */
export class NewDatabase {
  /** Where it is restored. */
  readonly connection: PostgresConnection;
  /** The database it is to replace. */
  readonly #replaced: string | undefined;
  readonly #target: PostgresConnection;
  readonly #placement: Placement;
  readonly #context: RunContext;
  #maintenance: PostgresConnection | undefined;
  #isMade = false;

  /** @param target - what the operator's address names: the new database, or the one to be replaced */
  constructor(target: PostgresConnection, placement: Placement, context: RunContext) {
    const { database } = target;
    this.#target = target;
    this.#placement = placement;
    this.#context = context;
    this.#replaced = placement.replace === undefined ? undefined : database;
    const beside = `${database.slice(0, 40)}_restored_${randomBytes(4).toString("hex")}`;
    this.connection = placement.replace === undefined ? target : connectionTo(target, beside);
  }

  get name(): string {
    return this.connection.database;
  }

  /** Works in a database of the server that stays as it is. */
  async atServer<T>(work: (session: Session) => Promise<T>, survivesCancel = false): Promise<T> {
    this.#maintenance ??= await this.#findMaintenance();
    return await withSession(this.#maintenance, this.#context, work, { survivesCancel });
  }

  /**
   * Refuses what could only fail later.
   *
   * @throws AppError TARGET_REFUSED, STORE_RIGHTS_MISSING, STORE_UNSUPPORTED
   */
  async check(session: Session, backup: PostgresManifest, databaseId: () => Promise<string>): Promise<void> {
    const { database } = this.#target;
    await this.#requireRights(session);
    const [row] = await session.rows<{ mine: boolean }>(
      "Looking for the database",
      "SELECT pg_has_role(datdba, 'USAGE') AS mine FROM pg_database WHERE datname = $1",
      [database],
    );
    if (this.#replaced === undefined) {
      if (!row) return;
      throw new AppError("TARGET_REFUSED", `The database ${database} exists already.`, {
        hint: `Name another one, leave --create-db out to restore into it, or replace it on purpose: --replace-db ${database}`,
      });
    }
    if (!row) {
      throw new AppError("TARGET_REFUSED", `There is no database ${database} to be replaced.`, {
        hint: "Use --create-db to make it.",
      });
    }
    const isLikeSource = backup.source.database === database || (await databaseId()) === backup.source.id;
    const full = `${describeHost(this.#target)}/${database}`;
    const accepted = isLikeSource ? [full] : [database, full];
    if (!accepted.includes(this.#placement.replace ?? "")) {
      throw new AppError(
        "TARGET_REFUSED",
        `The target's database is ${full}; --replace-db names ${this.#placement.replace}.`,
        { hint: `To replace it, type its name out: --replace-db ${accepted[0]}` },
      );
    }
    if (row.mine) return;
    throw new AppError(
      "STORE_RIGHTS_MISSING",
      `${this.#target.user} does not own the database ${database}.`,
      {
        hint: `Run as an administrator: ALTER DATABASE ${quoteIdent(database)} OWNER TO ${quoteIdent(this.#target.user)};`,
      },
    );
  }

  /**
   * Creates it from template0, so that nothing a template holds counts as restored.
   *
   * @param options - encoding and locale as the archive says: `ENCODING = 'UTF8' LOCALE = 'C'`
   * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING
   */
  async make(options: string): Promise<void> {
    const create = (more: string): string =>
      `CREATE DATABASE ${quoteIdent(this.name)} TEMPLATE template0 ${more}`.trim();
    const work = `Creating the database ${this.name}`;
    await this.atServer(async (session) => {
      try {
        await session.run(work, create(options));
      } catch (error) {
        const isLocale = error instanceof AppError && /locale|collat|encoding/i.test(error.message);
        if (options === "" || !isLocale) throw error;
        await session.run(work, create(""));
        this.#context.reporter.warn(
          `The server does not know the locale of the backup (${options}): ${this.name} sorts texts as the server does.`,
        );
      }
    });
    this.#isMade = true;
  }

  /** Removes it when it was made and is not wanted. It works after the run's signal has fired. */
  async remove(): Promise<void> {
    if (!this.#isMade) return;
    await this.atServer(
      (session) =>
        session.run(
          `Dropping the database ${this.name}`,
          `DROP DATABASE IF EXISTS ${quoteIdent(this.name)} WITH (FORCE)`,
        ),
      true,
    );
    this.#isMade = false;
  }

  /**
   * Lets it take the place of the old one, whose sessions are ended; then drops the old one. Both are renamed in one
   * transaction: at no moment is there no database of that name, or a half of one.
   *
   * @throws AppError STORE_FAILED with the old one in its place
   */
  async swapIn(): Promise<void> {
    const old = this.#replaced;
    if (old === undefined) return;
    const retired = `${old.slice(0, 40)}_replaced_${randomBytes(4).toString("hex")}`;
    const { reporter, clock, signal } = this.#context;
    await this.atServer(async (session) => {
      await this.#takeOverSettings(session, old);
      await session.run(
        "Closing the old database",
        `ALTER DATABASE ${quoteIdent(old)} ALLOW_CONNECTIONS false`,
      );
      try {
        for (let attempt = 1; ; attempt += 1) {
          await session.rows(
            "Ending the old database's sessions",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY ($1)",
            [[old, this.name]],
          );
          try {
            await session.run(
              `Replacing the database ${old}`,
              `BEGIN; ALTER DATABASE ${quoteIdent(old)} RENAME TO ${quoteIdent(retired)};
               ALTER DATABASE ${quoteIdent(this.name)} RENAME TO ${quoteIdent(old)}; COMMIT`,
            );
            break;
          } catch (error) {
            await session.run("Taking back", "ROLLBACK");
            if (attempt === SWAP_ATTEMPTS) throw error;
            await clock.sleep(500, signal);
          }
        }
      } catch (error) {
        await session.run(
          "Opening the old database",
          `ALTER DATABASE ${quoteIdent(old)} ALLOW_CONNECTIONS true`,
        );
        reporter.warn(`${old} is as it was; what was restored lies in ${this.name}.`);
        throw error;
      }
      this.#isMade = false; // it is the operator's now
      reporter.info(`${old} is the restored database now.`);
      await session
        .run(`Dropping what ${old} was`, `DROP DATABASE ${quoteIdent(retired)} WITH (FORCE)`)
        .catch((error: unknown) => {
          reporter.warn(
            `What ${old} was before lies in ${retired}, and could not be dropped: ${String(error)}`,
          );
        });
    });
  }

  /** Settings, rights and the owner of the old database, which no archive of its contents holds. */
  async #takeOverSettings(session: Session, old: string): Promise<void> {
    const rows = await session.rows<{ statement: string }>(
      "Reading the old database's settings",
      `WITH old AS (SELECT * FROM pg_database WHERE datname = $1)
       SELECT CASE WHEN setrole = 0 THEN format('ALTER DATABASE %I SET ', $2::text)
                ELSE format('ALTER ROLE %I IN DATABASE %I SET ', pg_get_userbyid(setrole), $2::text) END
              || quote_ident(split_part(setting, '=', 1)) || ' TO '
              || CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                   'session_preload_libraries') AND setting NOT LIKE '%='
                 THEN substr(setting, strpos(setting, '=') + 1)
                 ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END AS statement
       FROM old JOIN pg_db_role_setting ON setdatabase = old.oid, unnest(setconfig) setting
       UNION ALL
       SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::text) FROM old WHERE datacl IS NOT NULL
       UNION ALL
       SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, $2::text,
         CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
         || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
       FROM old, aclexplode(datacl)
       UNION ALL
       SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', $2::text, datconnlimit) FROM old WHERE datconnlimit <> -1
       UNION ALL
       SELECT format('ALTER DATABASE %I OWNER TO %I', $2::text, pg_get_userbyid(datdba)) FROM old
         WHERE pg_get_userbyid(datdba) <> current_user`,
      [old, this.name],
    );
    for (const { statement } of rows) {
      await session.run("Taking over a setting", statement).catch((error: unknown) => {
        this.#context.reporter.warn(
          `The new database lacks what the old one had (${String(error)}): ${statement}`,
        );
      });
    }
  }

  async #requireRights(session: Session): Promise<void> {
    const { user, host } = this.#target;
    if (isSupabase(host)) {
      throw new AppError(
        "STORE_UNSUPPORTED",
        "A Supabase project serves the one database postgres: it cannot be created or replaced.",
        { hint: "Restore into it with --replace, or into a new project and let that take its place." },
      );
    }
    const [role] = await session.rows<{ may: boolean }>(
      "Reading the role's rights",
      "SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user",
    );
    if (role?.may) return;
    throw new AppError(
      "STORE_RIGHTS_MISSING",
      `${user} may not create databases at ${describeHost(this.#target)}.`,
      {
        hint: `Run as an administrator: ALTER ROLE ${quoteIdent(user)} CREATEDB; or restore into a database that exists, naming it with --replace when it is not empty.`,
      },
    );
  }

  /** @throws AppError what connecting to the last of them throws */
  async #findMaintenance(): Promise<PostgresConnection> {
    const { maintenanceDatabase } = this.#placement;
    const { database, user } = this.#target;
    const names = maintenanceDatabase === undefined ? [...USUAL_MAINTENANCE, user] : [maintenanceDatabase];
    const candidates = [...new Set(names)].filter((name) => name !== database);
    for (const [index, name] of candidates.entries()) {
      const connection = connectionTo(this.#target, name);
      try {
        await withSession(connection, this.#context, async () => {}, { patient: true });
        return connection;
      } catch (error) {
        if (!(error instanceof AppError) || error.code === "CANCELLED" || index === candidates.length - 1)
          throw error;
      }
    }
    throw new AppError("CONFIG_INVALID", `There is no database but ${database} to connect to meanwhile.`, {
      hint: "Name one with --maintenance-db.",
    });
  }
}

/** Encoding and locale, in the words of `CREATE DATABASE … WITH TEMPLATE = template0 …;` as pg_restore writes it. */
export function readDatabaseOptions(sql: string): string {
  const options = /^CREATE DATABASE .* WITH TEMPLATE = template0 (.*);$/m.exec(sql)?.[1] ?? "";
  const known =
    /(ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|LC_CTYPE|ICU_LOCALE|BUILTIN_LOCALE) = '?([\w.@-]+)'?/g;
  return [...options.matchAll(known)]
    .map(([, name = "", value = ""]) =>
      name === "LOCALE_PROVIDER" ? `${name} ${value}` : `${name} ${escapeLiteral(value)}`,
    )
    .join(" ");
}
