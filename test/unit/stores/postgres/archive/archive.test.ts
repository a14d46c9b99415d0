import { expect, test } from "vitest";
import {
  findEntries,
  parseDataEntries,
  parseSequenceValues,
} from "../../../../../src/stores/postgres/archive/archive.ts";
import { majorOf } from "../../../../../src/stores/postgres/clients/tools.ts";

test("tables are found in a listing by their object id, whatever their names", () => {
  const listing = [
    ";     Format: CUSTOM",
    "215; 1259 16386 TABLE public users app",
    "3421; 0 16386 TABLE DATA public users app",
    "3422; 0 16390 TABLE DATA Kunden & Köln TABLE DATA 7 app",
    "3423; 0 0 SEQUENCE SET public users_id_seq app",
  ].join("\n");
  expect(parseDataEntries(listing)).toEqual(
    new Map([
      [16386, 3421],
      [16390, 3422],
    ]),
  );
});

test("what cannot be restored is found with what is granted and said on it", () => {
  const listing = [
    "300; 1255 16500 FUNCTION app last(integer) owner",
    "301; 1255 16501 FUNCTION app last() owner",
    "302; 0 0 COMMENT app FUNCTION last(integer) owner",
    "303; 0 0 ACL app FUNCTION last(integer) owner",
    "304; 0 0 ACL app FUNCTION last() owner",
    "400; 2606 16600 FK CONSTRAINT app orders logged owner",
    "401; 0 0 COMMENT app CONSTRAINT logged ON orders owner",
    "402; 0 0 COMMENT app CONSTRAINT logged ON others owner",
  ].join("\n");
  expect(findEntries(listing, 1255, 16500)).toEqual([300, 302, 303]);
  expect(findEntries(listing, 2606, 16600)).toEqual([400, 401]);
  expect(findEntries(listing, 1255, 1650)).toEqual([]);
});

test("sequences are read from what pg_restore writes, quoted names included", () => {
  const sql = [
    "SET statement_timeout = 0;",
    "SELECT pg_catalog.set_config('search_path', '', false);",
    "SELECT pg_catalog.setval('public.users_id_seq', 41, true);",
    `SELECT pg_catalog.setval('"My ""own"""."it''s.one"', -3, false);`,
  ].join("\n");
  expect(parseSequenceValues(sql)).toEqual([
    { schema: "public", name: "users_id_seq", last: "41", isCalled: true },
    { schema: 'My "own"', name: "it's.one", last: "-3", isCalled: false },
  ]);
});

test.each([
  ["pg_dump (PostgreSQL) 17.11 (Debian 17.11-0+deb13u1)", 17],
  ["pg_dump (PostgreSQL) 18beta2", 18],
  ["17.10", 17],
  ["nothing", Number.NaN],
])("the major version of %s", (text, major) => {
  expect(majorOf(text)).toBe(major);
});
