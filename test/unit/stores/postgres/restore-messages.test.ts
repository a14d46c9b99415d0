import { describe, expect, test } from "vitest";
import { judgeMessage, MessageReader } from "../../../../src/stores/postgres/restore-messages.ts";
import type { RestoreMessage } from "../../../../src/stores/postgres/restore-messages.ts";
import type { TocEntry } from "../../../../src/stores/postgres/toc.ts";

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
