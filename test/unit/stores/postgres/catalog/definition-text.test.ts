import { expect, test } from "vitest";
import {
  canonicaliseExpression,
  canonicaliseQuery,
} from "../../../../../src/stores/postgres/catalog/definition-text.ts";

// Each pair as a server wrote it before a dump and after its restore.
test.each([
  [
    "a list of varchar",
    "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b''c'::character varying, 'd,e'::character varying])::text[])))",
    "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b''c'::character varying)::text, ('d,e'::character varying)::text])))",
  ],
  [
    "two lists",
    "(((s)::text = ANY ((ARRAY['[x'::character varying])::text[])) AND ((s)::text <> ALL ((ARRAY['q'::character varying, 'r'::character varying])::text[])))",
    "(((s)::text = ANY (ARRAY[('[x'::character varying)::text])) AND ((s)::text <> ALL (ARRAY[('q'::character varying)::text, ('r'::character varying)::text])))",
  ],
  [
    "a type with a quoted name",
    `((v)::public."a, b" = ANY ((ARRAY[(f(1, 2)), 'x'::text])::public."a, b"[]))`,
    `((v)::public."a, b" = ANY (ARRAY[((f(1, 2)))::public."a, b", ('x'::text)::public."a, b"]))`,
  ],
  [
    "rows of an array",
    "(ARRAY[ARRAY[1, 2], ARRAY[3, 4]])::bigint[]",
    "ARRAY[ARRAY[(1)::bigint, (2)::bigint], ARRAY[(3)::bigint, (4)::bigint]]",
  ],
])("%s reads the same before and after a restore", (_, before, after) => {
  expect(canonicaliseExpression(before)).toBe(after);
  expect(canonicaliseExpression(after)).toBe(after);
});

test.each([
  "(ARRAY['a'::character varying])[1]",
  "CHECK ((x = 'text with (ARRAY[1])::text[] in it'::text))",
  `("(ARRAY["."])::text[]" = 1)`,
  "(ARRAY[1, 2",
])("%s stays as it is", (text) => {
  expect(canonicaliseExpression(text)).toBe(text);
});

test("a query reads the same with and without qualifiers", () => {
  const before = ` SELECT paying.id, "Big.Name".*, 'a.b' AS "c.d" FROM public."Big.Name" WHERE (paying.n > 1.5)`;
  const after = ` SELECT id, *, 'a.b' AS "c.d" FROM "Big.Name" WHERE (n > 1.5)`;
  expect(canonicaliseQuery(before)).toBe(after);
  expect(canonicaliseQuery(after)).toBe(after);
});
