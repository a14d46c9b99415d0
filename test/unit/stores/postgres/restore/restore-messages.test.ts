import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rankEntry } from "../../../../../src/stores/postgres/archive/entry-match.ts";
import { judgeMessage, MessageReader } from "../../../../../src/stores/postgres/restore/restore-messages.ts";
import type { RestoreMessage } from "../../../../../src/stores/postgres/restore/restore-messages.ts";
import type { TocEntry } from "../../../../../src/stores/postgres/archive/toc.ts";

// As pg_restore 17.11 --verbose wrote it.
const SAID = `pg_restore: connecting to database for restore
pg_restore: creating VIEW "public.paying"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 241; 1259 16601 VIEW paying postgres
pg_restore: error: could not execute query: ERROR:  relation "paying" already exists
Command was: CREATE VIEW public.paying AS
 SELECT id
   FROM public.organisations;


pg_restore: from TOC entry 3482; 0 16490 TABLE DATA users app
pg_restore: error: COPY failed for table "users": ERROR:  invalid input syntax for type integer: "x"
CONTEXT:  COPY users, line 1, column secret: "sk-live-51c0ffee"
pg_restore: warning: errors ignored on restore: 2
`;

function readAll(said: string): { messages: RestoreMessage[]; hasFinished: boolean } {
  const messages: RestoreMessage[] = [];
  const reader = new MessageReader((message) => messages.push(message));
  for (const line of said.split("\n")) reader.line(line);
  reader.end();
  return { messages, hasFinished: reader.hasFinished };
}

describe("what pg_restore says", () => {
  test("is read as messages about entries, without the rows it quotes", () => {
    const { messages, hasFinished } = readAll(SAID);
    expect(messages).toEqual([
      { entryId: 241, text: 'relation "paying" already exists', command: "CREATE VIEW public.paying AS" },
      {
        entryId: 3482,
        text: 'COPY failed for table "users": ERROR:  invalid input syntax for type integer: "x"',
        command: "",
      },
    ]);
    expect(JSON.stringify(messages)).not.toContain("sk-live");
    expect(hasFinished).toBe(true);
  });

  test("without its last line is no end", () => {
    expect(readAll(SAID.replace(/pg_restore: warning: errors.*\n/, "")).hasFinished).toBe(false);
  });
});

describe("of several jobs, whose lines mix,", () => {
  const entries = new Map([
    [3001, buildEntry("CONSTRAINT", "orders orders_pkey")],
    [3002, buildEntry("CONSTRAINT", "users users_pkey")],
    [3003, buildEntry("FK CONSTRAINT", "orders orders_user_fkey")],
  ]);
  const readMixed = (...lines: readonly string[]): [number | undefined, string][] => {
    const messages: [number | undefined, string][] = [];
    const reader = new MessageReader(
      ({ entryId, text }) => messages.push([entryId, text]),
      (id, said) => rankEntry(entries.get(id)!, said),
    );
    for (const line of lines.flatMap((one) => one.split("\n"))) reader.line(line);
    reader.end();
    return messages;
  };
  const named = (id: number): string => `pg_restore: from TOC entry ${id}; 2606 1 CONSTRAINT public a b app`;
  const failed = (table: string, constraint: string): string =>
    `pg_restore: error: could not execute query: ERROR:  could not create unique index "${constraint}"
DETAIL:  Key (id)=(1) is duplicated.
Command was: ALTER TABLE ONLY public.${table}
    ADD CONSTRAINT ${constraint} PRIMARY KEY (id);

`;

  test("each message is attributed to its own entry", () => {
    const said = readMixed(
      named(3001),
      named(3002),
      failed("users", "users_pkey"),
      failed("orders", "orders_pkey"),
    );
    expect(said).toEqual([
      [3002, 'could not create unique index "users_pkey"'],
      [3001, 'could not create unique index "orders_pkey"'],
    ]);
  });

  test("what is said of an entry again is attributed to it, though it is not named again", () => {
    const said = readMixed(
      named(3003),
      failed("orders", "orders_user_fkey"),
      named(3002),
      failed("users", "users_pkey"),
      failed("orders", "orders_user_fkey"),
    );
    expect(said.map(([id]) => id)).toEqual([3003, 3002, 3003]);
  });

  test("each message is found, whatever piece of a line another process writes in between", () => {
    const pieces = (id: number): string[] => [
      ...said("processing item " + id),
      ...said(`from TOC entry ${id}; 2606 1 CONSTRAINT public a b app`),
      ...said(
        `could not execute query: ERROR:  relation "t${id}" already exists\nLINE 1: x\nCommand was: CREATE TABLE t${id} (\n    a int\n);\n`,
        "error: ",
      ),
      ...said(`finished item ${id} TABLE t${id}`),
      ...said(`COPY failed for table "t${id}": ERROR:  of one\nCONTEXT:  COPY t${id}, line 1`, "error: "),
    ];
    const said = (text: string, level?: string): string[] => [
      "pg_restore:",
      " ",
      ...(level ? [level] : []),
      `${text}\n`,
    ];
    const ids = [11, 22, 33];
    const all = ids.flatMap((id) => [
      [id, `relation "t${id}" already exists`],
      [id, `COPY failed for table "t${id}": ERROR:  of one`],
    ]);
    const turns = fc.shuffledSubarray(
      ids.flatMap((id) => pieces(id).map(() => id)),
      { minLength: ids.length * pieces(0).length },
    );
    const check = (order: readonly number[]): void => {
      const rest = new Map(ids.map((id) => [id, pieces(id)]));
      const stderr = order.map((id) => rest.get(id)!.shift()).join("");
      const messages: [number | undefined, string][] = [];
      const reader = new MessageReader(
        ({ entryId, text }) => messages.push([entryId, text]),
        (id, text) => Number(text.includes(`t${id}"`)),
      );
      for (const line of stderr.split("\n")) reader.line(line);
      reader.end();
      expect(messages.sort(), stderr).toEqual([...all].sort());
    };
    fc.assert(fc.property(turns, check), { numRuns: 1000 });
  });

  test("an entry that was named is told of, also when its message cannot be found", () => {
    expect(readMixed(named(3001), named(3002), failed("users", "users_pkey"))).toEqual([
      [3002, 'could not create unique index "users_pkey"'],
      [3001, "pg_restore's reason was lost among others."],
    ]);
  });
});

function buildEntry(kind: string, tag: string): TocEntry {
  return { id: 1, kind, schema: "public", tag, dependsOn: [], line: "" };
}

const entry = (kind: string, tag: string): TocEntry => ({
  id: 1,
  kind,
  schema: null,
  tag,
  dependsOn: [],
  line: "",
});

test.each<[string, string, TocEntry | undefined, string, boolean]>([
  ["fatal", "server closed the connection unexpectedly", undefined, "", false],
  ["fatal", "FATAL:  terminating connection due to administrator command", undefined, "", false],
  ["fatal", 'could not extend file "base/1/2": No space left on device', entry("TABLE DATA", "t"), "", false],
  ["fatal", "could not read from input file: end of file", undefined, "", false],
  ["fatal", "out of memory", entry("INDEX", "i"), "", false],
  ["fatal", "permission denied for schema public", entry("TABLE", "t"), "", false],
  ["lost", 'permission denied to create extension "postgis"', entry("EXTENSION", "postgis"), "", false],
  ["lost", 'type "public.vector" does not exist', entry("TABLE", "t"), "", false],
  ["lost", "something nobody has heard of", entry("TABLE", "t"), "", false],
  ["lost", "something nobody has heard of", undefined, "", false],
  [
    "harmless",
    'unrecognized configuration parameter "transaction_timeout"',
    undefined,
    "SET transaction_timeout = 0;",
    false,
  ],
  [
    "lost",
    'unrecognized configuration parameter "app.x"',
    entry("FUNCTION", "f()"),
    "CREATE FUNCTION",
    false,
  ],
  ["harmless", 'schema "public" already exists', entry("SCHEMA", "public"), "", false],
  ["lost", 'schema "billing" already exists', entry("SCHEMA", "billing"), "", false],
  ["harmless", 'type "plan" already exists', entry("TYPE", "plan"), "", true],
  ["lost", 'type "plan" already exists', entry("TYPE", "plan"), "", false],
  ["harmless", "must be owner of extension plpgsql", entry("COMMENT", "EXTENSION plpgsql"), "", false],
  ["lost", "must be owner of extension plpgsql", entry("COMMENT", "TABLE t"), "", false],
])("%s: %s", (kind, text, about, command, isSupport) => {
  expect(judgeMessage({ entryId: about?.id, text, command }, about, isSupport).kind).toBe(kind);
});
