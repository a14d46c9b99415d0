import { describe, expect, test } from "vitest";
import { NamePattern } from "../../../src/backup/name-pattern.ts";

describe("a pattern of two parts", () => {
  test.each([
    ["public.users", ["public", "users"], true],
    ["public.users", ["public", "Users"], false],
    ["public.users", ["public", "users2"], false],
    ["public.user*", ["public", "users"], true],
    ["*.users", ["any.schema", "users"], true],
    ["*.*", ["a", "b"], true],
    ["public.*_2026_*", ["public", "events_2026_even"], true],
    ['public."a.b"', ["public", "a.b"], true],
    ['"my.schema"."Invoice ""lines"""', ["my.schema", 'Invoice "lines"'], true],
    ['public."all*"', ["public", "all*"], true],
    ['public."all*"', ["public", "allies"], false],
    ["Kunden & Köln.дела", ["Kunden & Köln", "дела"], true],
    ["public.a(b)|c$", ["public", "a(b)|c$"], true],
    ["public.a?c", ["public", "abc"], false],
    ["public.*", ["public", "line\nbreak"], true],
  ])("%s, against %j: %s", (text, names, isMatch) => {
    expect(NamePattern.parse(text, 2)?.matches(...names)).toBe(isMatch);
  });

  test.each(["users", "a.b.c", "public.", ".users", "", 'public."open', 'public.""'])(
    "%j is none",
    (text) => {
      expect(NamePattern.parse(text, 2)).toBeUndefined();
    },
  );
});
