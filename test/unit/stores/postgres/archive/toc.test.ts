import { expect, test } from "vitest";
import { describeEntry, parseToc } from "../../../../../src/stores/postgres/archive/toc.ts";
import { selectEntries } from "../../../../../src/stores/postgres/archive/toc-selection.ts";
import type { RestoreScope } from "../../../../../src/backup/restore-scope.ts";
import { buildInventory, buildTable } from "../../../../support/builders.ts";

// As pg_restore 17.11 --list --verbose writes it, with an owner of two words.
const LISTING = `;
; Archive created at 2026-11-21 11:03:16 UTC
;     TOC Entries: 113
;
3502; 0 0 ENCODING - ENCODING 
8; 2615 16387 SCHEMA - Kunden & Köln the owner
2; 3079 16388 EXTENSION - citext 
3506; 0 0 COMMENT - EXTENSION citext 
;	depends on: 2
912; 1247 16426 TYPE public plan the owner
;	depends on: 2
281; 1255 16451 FUNCTION public touch() the owner
225; 1259 16490 TABLE Kunden & Köln дела note the owner
;	depends on: 8 912
222; 1259 16456 TABLE public users the owner
;	depends on: 912 912
241; 1259 16601 VIEW public paying the owner
;	depends on: 222 222
3482; 0 16490 TABLE DATA Kunden & Köln дела note the owner
;	depends on: 225
3479; 0 16456 TABLE DATA public users the owner
;	depends on: 222
3279; 2606 16468 CONSTRAINT public users users pkey the owner
;	depends on: 222
3317; 2606 16485 FK CONSTRAINT Kunden & Köln дела note дела_fkey the owner
;	depends on: 225 3279 222
3319; 2620 16471 TRIGGER public users touch the owner
;	depends on: 222 281 9999
3320; 0 0 COMMENT public TRIGGER touch ON users the owner
;	depends on: 3319
`;

const inventory = buildInventory({
  tables: [buildTable("public.users", 1), buildTable("Kunden & Köln.дела note", 2)],
  schema: [
    { kind: "schema", name: "Kunden & Köln", definition: "present" },
    { kind: "view", name: "public.paying", definition: "1", table: "public.paying", needs: ["public.users"] },
    { kind: "primary key", name: "public.users.users pkey", definition: "2", table: "public.users" },
    {
      kind: "foreign key",
      name: "Kunden & Köln.дела note.дела_fkey",
      definition: "3",
      table: "Kunden & Köln.дела note",
    },
    { kind: "trigger", name: "public.users.touch", definition: "4", table: "public.users" },
    { kind: "enum", name: "public.plan", definition: "5" },
  ],
});
const toc = parseToc(LISTING, inventory);

function choose(scope: RestoreScope): { entries: number[]; support: number[] } {
  const { entries, support } = selectEntries(toc, inventory, scope);
  return { entries: entries.map(({ id }) => id), support: [...support].sort((a, b) => a - b) };
}

test("names with spaces are told from schema and owner by what the inventory knows", () => {
  expect(toc.find(225)).toMatchObject({
    kind: "TABLE",
    schema: "Kunden & Köln",
    tag: "дела note",
    dependsOn: [8, 912],
  });
  expect(toc.find(3482)).toMatchObject({ kind: "TABLE DATA", tag: "дела note" });
  expect(toc.find(2)).toMatchObject({ schema: null, tag: "citext" });
  expect(toc.entries).toHaveLength(15);
});

test.each([
  [3317, "foreign key Kunden & Köln.дела note.дела_fkey"],
  [3279, "primary key public.users.users pkey"],
  [3319, "trigger public.users.touch"],
  [912, "enum public.plan"],
  [2, "extension citext"],
  [3479, "rows public.users"],
])("entry %i is called %s, as the inventory does", (id, called) => {
  const entry = toc.find(id);
  if (!entry) throw new Error("no such entry");
  const { kind, name } = describeEntry(entry, toc, inventory);
  expect(`${kind} ${name}`).toBe(called);
});

test("a table comes with what belongs to it, and what lies below is support", () => {
  expect(choose({ tables: ["public.users"], content: "all" })).toEqual({
    entries: [2, 912, 281, 222, 3479, 3279, 3319, 3320],
    support: [2, 281, 912],
  });
});

test("a foreign key to a table outside stays out, and comes when both are chosen", () => {
  expect(choose({ tables: ["Kunden & Köln.дела note"], content: "all" }).entries).toEqual(
    [2, 8, 912, 225, 3482].sort(
      (a, b) => toc.entries.findIndex(({ id }) => id === a) - toc.entries.findIndex(({ id }) => id === b),
    ),
  );
  const both = choose({ tables: ["Kunden & Köln.дела note", "public.users"], content: "all" });
  expect(both.entries).toContain(3317);
});

test("rows alone, and definitions alone", () => {
  expect(choose({ tables: ["public.users"], content: "data" }).entries).toEqual([3479]);
  expect(choose({ content: "structure" }).entries).not.toContain(3479);
  expect(choose({ content: "structure" }).entries).toContain(3317);
});

test("a schema comes whole", () => {
  expect(choose({ schemas: ["public"], content: "all" }).entries).toEqual([
    2, 912, 281, 222, 241, 3479, 3279, 3319, 3320,
  ]);
});
