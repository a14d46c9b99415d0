import { describe, expect, test } from "vitest";
import {
  quoteName,
  quoteText,
  splitStatements,
  tokenise,
} from "../../../../../src/stores/clickhouse/sql/sql-text.ts";

describe("splitting a script", () => {
  test("semicolons in quotes, names, heredocs and comments end nothing", () => {
    const script = [
      "SELECT 'a;b', 'it''s;', 'c\\';d', `x;y`, \"z;\" -- not; here",
      "/* nor; here */ FROM t;",
      "SELECT $doc$ one; 'two $doc$;",
      "",
      ";; SELECT 3",
    ].join("\n");
    const statements = splitStatements(script);
    expect(statements).toHaveLength(3);
    expect(statements[0]).toMatch(/^SELECT 'a;b'[^]*FROM t$/);
    expect(statements[1]).toBe("SELECT $doc$ one; 'two $doc$");
    expect(statements[2]).toBe("SELECT 3");
  });
});

describe("quoting", () => {
  test.each(["plain", "with `tick`", "it's", 'say "so"', "back\\slash", "ключ 1", "--; /* x */", "a.b"])(
    "%s is read back as it was",
    (text) => {
      expect(tokenise(quoteName(text))).toMatchObject([{ kind: "name", value: text }]);
      expect(tokenise(quoteText(text))).toMatchObject([{ kind: "string", value: text }]);
    },
  );
});
