import { describe, expect, test } from "vitest";
import { PlainScan } from "../../../../../src/stores/postgres/archive/plain-scan.ts";

const USERS = { schema: "public", name: "users" };
const LINES = { schema: "billing", name: 'Invoice "lines"' };

const DUMP = [
  "--",
  "-- PostgreSQL database dump",
  "--",
  "",
  "\\restrict abc",
  "SET statement_timeout = 0;",
  "--",
  "-- Name: a; Type: b; Type: FUNCTION; Schema: public; Owner: -",
  "--",
  "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$",
  "COPY public.other (id) FROM stdin;",
  "$$;",
  "-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -",
  "COPY public.users (id, note) FROM stdin;",
  "-- Name: not_there; Type: ROW; Schema: public; Owner: -",
  '1\tCOPY billing."Invoice ""lines""" (a) FROM stdin;',
  "2\t-- PostgreSQL database dump complete",
  "3\tSELECT pg_catalog.setval('public.s', 99, true);",
  "\\.",
  "",
  'COPY billing."Invoice ""lines"""  FROM stdin;',
  "\\.",
  "",
  "SELECT pg_catalog.setval('public.s', 7, false);",
  "",
  "--",
  "-- PostgreSQL database dump complete",
  "--",
  "",
  "\\unrestrict abc",
  "",
  "",
].join("\n");

function scan(text: string, chunkBytes: number, tables = [USERS, LINES]): PlainScan {
  const bytes = Buffer.from(text);
  const reader = new PlainScan(tables);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.feed(bytes.subarray(at, at + chunkBytes));
  return reader;
}

describe("a dump in SQL", () => {
  test.each([1, 2, 3, 7, 64, 100_000])("is looked through in pieces of %i bytes", (chunkBytes) => {
    const found = scan(DUMP, chunkBytes);
    expect(found.isComplete).toBe(true);
    expect(found.hasRowsOf(USERS)).toBe(true);
    expect(found.hasRowsOf(LINES)).toBe(true);
    expect([...found.kinds]).toEqual(["FUNCTION", "TABLE DATA"]);
    expect(found.sequences).toEqual([{ schema: "public", name: "s", last: "7", isCalled: false }]);
  });

  test("brings rows of a partition by way of what it is a partition of", () => {
    const partition = (name: string, row: string): string[] => [
      `-- Data for Name: ${name}; Type: TABLE DATA; Schema: public; Owner: -`,
      "--",
      "",
      "-- load via partition root public.events",
      "COPY public.events (note) FROM stdin;",
      row,
      "\\.",
      "",
    ];
    const tables = ["p0", "p1", "p2"].map((name) => ({ schema: "public", name }));
    const rows = [
      ...partition("p0", "COPY public.p2 (note) FROM stdin;"),
      ...partition("p1", "-- PostgreSQL database dump complete"),
    ];
    const found = scan(rows.join("\n"), 7, tables);
    expect(tables.map((table) => found.hasRowsOf(table))).toEqual([true, true, false]);
    expect(found.isComplete).toBe(false);
  });

  test("that ends in the middle of rows is not complete", () => {
    const cut = DUMP.slice(0, DUMP.indexOf("3\tSELECT"));
    expect(scan(cut, 64).isComplete).toBe(false);
  });

  test("that ends before its last line is not complete", () => {
    expect(scan(DUMP.slice(0, DUMP.indexOf("-- PostgreSQL database dump complete\n--")), 64).isComplete).toBe(
      false,
    );
  });

  test("that goes on after its last line is not complete", () => {
    expect(scan(`${DUMP}CREATE TABLE public.late ();\n`, 64).isComplete).toBe(false);
  });

  test("without the rows of a table is told", () => {
    const missing = { schema: "public", name: "orders" };
    expect(scan(DUMP, 64, [USERS, missing]).hasRowsOf(missing)).toBe(false);
  });

  test("does not take what a row says for the rows of a table", () => {
    const only = DUMP.slice(0, DUMP.indexOf("\\.\n"));
    expect(scan(only, 64).hasRowsOf(LINES)).toBe(false);
  });
});
