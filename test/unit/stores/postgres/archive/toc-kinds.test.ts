import { expect, test } from "vitest";
import { describeUncompared, listKinds } from "../../../../../src/stores/postgres/archive/toc-kinds.ts";

const LISTING = `;
; Archive created at 2026-11-21 11:03:16 UTC
;
3502; 0 0 ENCODING - ENCODING
2; 3079 16388 EXTENSION - citext
225; 1259 16490 TABLE public TRIGGER of it owner
3482; 0 16490 TABLE DATA public TRIGGER of it owner
41; 9999 16500 PROPERTY public network owner
3490; 0 16490 MATERIALIZED VIEW DATA public totals owner
`;

test("what an archive holds is compared, or named with the reason, also what is not known", () => {
  const kinds = listKinds(LISTING);
  expect([...kinds]).toEqual([
    "ENCODING",
    "EXTENSION",
    "TABLE",
    "TABLE DATA",
    "PROPERTY",
    "MATERIALIZED VIEW DATA",
  ]);
  expect(describeUncompared(kinds)).toEqual([
    expect.stringMatching(/^Objects of extensions/),
    expect.stringMatching(/^Materialized views/),
    "What pg_dump calls PROPERTY: this version of lifeboat does not know it. It is restored, and not compared.",
  ]);
});
