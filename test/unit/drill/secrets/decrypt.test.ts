import { describe, expect, test } from "vitest";
import { fingerprintKey } from "../../../../src/drill/key-fingerprint.ts";
import { ApplicationKey } from "../../../../src/drill/secrets/key.ts";
import { tryKey } from "../../../../src/drill/secrets/trial.ts";
import { AppError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/sys/secret.ts";
import { performDecrypt, readFixture } from "./decrypting.ts";

const QUERY = "SELECT id, secret FROM vault";
const PARTED = { query: QUERY, "key-form": "hex" };
const NO_JSON_PATH = { preset: "scani", "json-path": "*" };
/** Each fixture, the step that reads it, and how its value lies in the column. */
const LAYOUTS: [string, unknown, ((value: string) => unknown)?][] = [
  ["spanlens", "spanlens"],
  ["scani-hex-key", "scani", (data) => ({ encrypted: true, data })],
  ["scani-stored-salt", "scani", (data) => ({ encrypted: true, data })],
  ["scani-constant-salt", NO_JSON_PATH, (data) => JSON.stringify([data])],
  [
    "langsight",
    { preset: "langsight", query: QUERY },
    (value) => ({ ai_providers: { openai: { api_key: value } } }),
  ],
  ["fernet", { query: QUERY, layout: "fernet", "key-form": "base64" }],
  ["iv-tag-ciphertext-hex", { ...PARTED, layout: "iv:tag:ciphertext", encoding: "hex" }],
  ["iv-tag-ciphertext-base64", { ...PARTED, layout: "iv:tag:ciphertext" }],
  ["iv-ciphertext-tag-hex", { ...PARTED, layout: "iv:ciphertext:tag", encoding: "hex" }],
];

describe.each(LAYOUTS)("secrets as in %s", (name, decrypt, wrap = (value) => value) => {
  const { key, values, plaintexts } = readFixture(name);
  const rows = values.map(wrap);

  test("decrypt, and do not under the key with one bit flipped", async () => {
    const { notes, error, decrypted } = await performDecrypt(decrypt, key, rows);
    expect(error).toBeUndefined();
    expect(notes).toEqual([
      "3 of 3 secrets decrypted; 3 encrypted, 0 plaintext, 0 empty.",
      "Under the key with one bit flipped, 0 of 3 could be decrypted.",
    ]);
    const [fingerprints] = decrypted.byStep.values();
    expect([...(fingerprints?.values() ?? [])]).toEqual(
      plaintexts.map((text) => fingerprintKey(decrypted.runKey, text)),
    );
  });

  test("do not decrypt under another key of the same form", async () => {
    const last = key.replace(/=*$/, "").length - 2;
    const other = key.slice(0, last) + (key[last] === "0" ? "1" : "0") + key.slice(last + 1);
    const { error } = await performDecrypt(decrypt, other, rows);
    expect(error?.code).toBe("DATA_DIFFERS");
    expect(error?.message).toMatch(/^3 of 3 secrets could not be decrypted; the first is row 1/);
    expect(error?.message).toContain("it is not the one they were encrypted under");
  });
});

describe("a key that cannot be right is told by what is wrong with it", () => {
  const base64Key = readFixture("spanlens").key;
  const hexKey = readFixture("scani-hex-key").key;
  const wantsHex = { query: QUERY, layout: "iv:tag:ciphertext", "key-form": "hex" };

  test.each([
    [
      "hex for base64",
      "spanlens",
      hexKey,
      "It is hex of 32 bytes (64 characters). Expected is base64 of 32 bytes",
    ],
    [
      "base64 for hex",
      wantsHex,
      base64Key,
      "It is base64 of 32 bytes (44 characters). Expected is hex of 32 bytes",
    ],
    ["cut off", "spanlens", base64Key.slice(0, 30), "It has 30 characters: it is cut off."],
    ["cut off by one", wantsHex, hexKey.slice(1), "It has 63 characters: it is cut off."],
    ["too long", wantsHex, `${hexKey}ab`, "It has 66 characters: that is too long."],
    ["line break", "spanlens", `${base64Key}\n`, "It ends with a line break."],
    ["line break of Windows", wantsHex, `${hexKey}\r\n`, "It ends with a line break."],
    ["space", "spanlens", `${base64Key} `, "It begins or ends with white space."],
    ["quotes", "spanlens", `"${base64Key}"`, "It stands in quotes, which have become part of it."],
    [
      "other characters",
      wantsHex,
      `${hexKey.slice(0, 62)}!!`,
      "It holds characters that do not belong there.",
    ],
    ["white space alone", "spanlens", " \n", "It is empty."],
  ])("%s", async (_, decrypt, key, expected) => {
    const { error, output } = await performDecrypt(decrypt, key, readFixture("spanlens").values);
    expect(error?.code).toBe("CONFIG_INVALID");
    expect(error?.message).toContain(`The key cannot be used. ${expected}`);
    if (key.trim() !== "") expect(output).not.toContain(key.trim());
  });

  test("a passphrase is tried as it is, and its flaw told when it fails", async () => {
    const { key, values } = readFixture("langsight");
    const rows = values.map((value) => ({ ai_providers: { openai: { api_key: value } } }));
    const { error } = await performDecrypt({ preset: "langsight", query: QUERY }, `${key}\n`, rows);
    expect(error?.message).toContain("It ends with a line break.");
  });

  test("a hex key is never taken for a passphrase", async () => {
    const { values } = readFixture("scani-stored-salt");
    const { error } = await performDecrypt(
      "scani",
      hexKey,
      values.map((data) => ({ data })),
    );
    expect(error?.code).toBe("DATA_DIFFERS");
  });
});

describe("what is counted", () => {
  const { key, values } = readFixture("spanlens");

  test("plaintext from before, and empty ones, are neither decrypted nor failed", async () => {
    const { values: tokens, key: passphrase } = readFixture("langsight");
    const settings = {
      ai_providers: {
        openai: { api_key: tokens[0] },
        anthropic: { api_key: "sk-planted-plaintext" },
        mistral: { api_key: "" },
        other: {},
      },
    };
    const decrypt = { preset: "langsight", query: QUERY };
    const { notes, decrypted, output } = await performDecrypt(decrypt, passphrase, [settings, {}, null]);
    expect(notes[0]).toBe("1 of 1 secrets decrypted; 1 encrypted, 1 plaintext, 3 empty.");
    expect([...(decrypted.byStep.values().next().value?.keys() ?? [])]).toEqual([
      "1 at ai_providers.openai.api_key",
    ]);
    expect(output).not.toContain("sk-planted");
  });

  test("a damaged value among good ones", async () => {
    const damaged = `${values[1]?.startsWith("A") ? "B" : "A"}${values[1]?.slice(1)}`;
    const { error } = await performDecrypt("spanlens", key, [values[0], damaged, values[2]]);
    expect(error?.message).toBe(
      "1 of 3 secrets could not be decrypted; the first is row 2. " +
        "The key is right for others, so these are damaged or were encrypted under another key.",
    );
  });

  test.each([["sk-planted-in-plaintext"], ["c2hvcnQ="], [17], [{ nested: true }]])(
    "a value that has not the layout: %j",
    async (value) => {
      const { error, output } = await performDecrypt("spanlens", key, [values[0], value]);
      expect(error?.message).toContain("These values do not have the layout of encrypted ones.");
      expect(output).not.toContain("sk-planted");
    },
  );

  test("text that should be JSON and is not", async () => {
    const { error, output } = await performDecrypt("scani", readFixture("scani-hex-key").key, [
      "{sk-planted",
    ]);
    expect(error?.code).toBe("DATA_DIFFERS");
    expect(output).not.toContain("sk-planted");
  });

  test("a sample, spread over all", async () => {
    const many = Array.from({ length: 10 }, () => values[0]);
    const { notes, decrypted } = await performDecrypt("spanlens", key, many, { sample: 3 });
    expect(notes[0]).toBe("3 of 3 secrets decrypted, 3 of 10 tried; 10 encrypted, 0 plaintext, 0 empty.");
    expect([...(decrypted.byStep.get("decrypt spanlens")?.keys() ?? [])]).toEqual(["1", "4", "7"]);
  });

  test("binary columns", async () => {
    const bytes = values.map((value) => Buffer.from(value, "base64"));
    const { error, notes } = await performDecrypt({ preset: "spanlens", encoding: "bytes" }, key, bytes);
    expect(error).toBeUndefined();
    expect(notes[0]).toContain("3 of 3 secrets decrypted");
  });
});

describe("nothing is shown", () => {
  test.each([[[]], [[null, ""]]])("by %j", async (rows) => {
    const { error } = await performDecrypt("spanlens", readFixture("spanlens").key, rows);
    expect(error).toMatchObject({
      code: "UNPROVEN",
      message: expect.stringContaining("nothing was decrypted"),
    });
  });

  test("by secrets that any key opens", async () => {
    const key = ApplicationKey.read(new Secret(readFixture("spanlens").key), ["base64"]);
    const sealed = [{ row: "1", secret: { open: () => Buffer.from("x") } }];
    const trial = tryKey({ sealed, misshapen: [], plaintext: 0, empty: 0 }, key, {
      sample: Infinity,
      signal: new AbortController().signal,
      note: () => {},
      receive: () => {},
    });
    await expect(trial).rejects.toMatchObject({
      code: "UNPROVEN",
      message: "A wrong key decrypts values too, so the right one proves nothing.",
    });
  });
});

describe("the query", () => {
  const { key } = readFixture("spanlens");
  const refuse = (message: string) => async () => {
    throw new AppError("STORE_FAILED", message, { hint: "", cause: new Error(message) });
  };

  test("a fault of its own is told", async () => {
    const { error } = await performDecrypt(
      "spanlens",
      key,
      refuse('relation "provider_keys" does not exist'),
    );
    expect(error?.message).toContain("provider_keys");
  });

  test("a fault that quotes a value is not", async () => {
    const said = "invalid input syntax for type integer: sk-planted";
    const { error, output } = await performDecrypt("spanlens", key, refuse(said));
    expect(error?.message).toContain("may quote a value");
    expect(output).not.toContain("sk-planted");
  });

  test("needs two columns", async () => {
    const { error } = await performDecrypt("spanlens", key, async () => [{ encrypted_key: "x" }]);
    expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("two columns") });
  });

  test("ends with the run", async () => {
    const signal = AbortSignal.abort();
    const { error } = await performDecrypt("spanlens", key, ["x"], { signal });
    expect(error?.code).toBe("CANCELLED");
  });
});
