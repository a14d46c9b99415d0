import { describe, expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const OPTIONS = { destination: "file:///backups", "target-postgres-url": "postgres://u@h/d" };
const VAULT = { query: "SELECT id, secret FROM vault", layout: "iv:tag:ciphertext", "key-form": "hex" };

function write(decrypt: unknown, more: object = {}) {
  const yaml = JSON.stringify({ drill: { steps: [{ decrypt, key: "${KEY}", ...more }] } });
  return { yaml, env: { KEY: "the key of the application", SALT: "a salt" }, options: OPTIONS };
}

function readStep(decrypt: unknown, more?: object) {
  return parseAs("drill", write(decrypt, more)).steps[0];
}

function findProblems(decrypt: unknown, more?: object): string {
  return readProblems({ command: "drill", ...write(decrypt, more) });
}

describe("a decrypt step", () => {
  test("takes all from a preset", () => {
    expect(readStep("scani", { sample: 100 })).toMatchObject({
      kind: "decrypt",
      name: "decrypt scani",
      store: "postgres",
      query: expect.stringContaining("user_integration_credentials"),
      jsonPath: "data",
      form: {
        encoding: "base64",
        layout: {
          cipher: "aes-256-gcm",
          parts: [
            { name: "iv", sizeBytes: 16 },
            { name: "salt", sizeBytes: 64 },
            { name: "tag", sizeBytes: 16 },
            { name: "ciphertext" },
          ],
        },
      },
      keyForms: ["hex", { derive: "scrypt" }, { derive: "scrypt", salt: "scani-salt" }],
      sample: 100,
    });
  });

  test("writes some of a preset anew, and gets a salt from the environment", () => {
    const keyForm = { derive: "scrypt", salt: "${SALT}" };
    const step = readStep({ preset: "spanlens", query: "SELECT a, '${b}' FROM c", "key-form": keyForm });
    expect(step).toMatchObject({
      query: "SELECT a, '${b}' FROM c",
      form: { layout: { parts: [{ name: "iv", sizeBytes: 12 }, { name: "tag" }, { name: "ciphertext" }] } },
      keyForms: [{ derive: "scrypt", salt: "a salt" }],
    });
  });

  test("keeps its key as it is, and from every reader", () => {
    const { secrets, steps } = parseAs("drill", { ...write("spanlens"), env: { KEY: "key with an end\n" } });
    expect(secrets.map((secret) => secret.reveal())).toContain("key with an end\n");
    expect(steps[0]?.kind === "decrypt" && steps[0].key.reveal()).toBe("key with an end\n");
    expect(JSON.stringify(steps)).not.toContain("key with");
  });

  test.each([
    ["iv:ciphertext:tag", { separator: ":" }],
    ["iv.tag.ciphertext", { separator: "." }],
    ["iv12-ciphertext-tag16", { parts: [{ sizeBytes: 12 }, {}, { sizeBytes: 16 }] }],
    ["fernet", { cipher: "fernet" }],
  ])("knows the layout %s", (layout, expected) => {
    expect(readStep({ ...VAULT, layout })).toMatchObject({ form: { layout: expected } });
  });

  test.each([
    ["iv-tag-ciphertext"],
    ["iv12-tag12-ciphertext"],
    ["iv12:tag16:ciphertext"],
    ["iv12-ciphertext"],
    ["iv12-iv12-tag16-ciphertext"],
    ["nonce12-tag16-ciphertext"],
    ["Fernet"],
  ])("does not know the layout %s", (layout) => {
    expect(findProblems({ ...VAULT, layout })).toContain("decrypt.layout is no layout. Write the parts");
  });

  test.each([
    ["spanlense", {}, "names no known preset (spanlens, scani, langsight). Did you mean spanlens?"],
    ["toString", {}, "names no known preset"],
    ["langsight", {}, "needs a query, or a preset that has one."],
    [{ query: "SELECT 1" }, {}, "needs a layout, or a preset that has one."],
    [
      { ...VAULT, "key-form": { derive: "scrypt" } },
      {},
      "derives the key with a stored salt, but the layout has none",
    ],
    [{ ...VAULT, "key-form": { derive: "pbkdf2-sha256", salt: "x" } }, {}, "key-form.iterations is missing."],
    ["spanlens", { sample: 0 }, "sample must be a whole number above 0."],
    ["spanlens", { key: "${UNSET}" }, "needs the environment variable UNSET, which is not set or empty."],
  ])("%j with %j is a problem", (decrypt, more, expected) => {
    expect(findProblems(decrypt, more)).toContain(expected);
  });
});
