import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Redactor, Secret, secretForms } from "../../../src/sys/secret.ts";

const PASSWORD = `p@ss"w/rd $&% \\ ü`;

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(new Secret(secret));
  return redactor;
}

test("a secret shows itself only when it is asked to", () => {
  const secret = new Secret(PASSWORD);
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    secret.toString(),
    String(secret),
  ];
  for (const text of shown) expect(text).not.toContain("p@ss");
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe(PASSWORD);
});

describe("redacting", () => {
  const url = new URL("postgres://user@host/db");
  url.password = PASSWORD;

  test.each([
    ["as it is", PASSWORD],
    ["URL-encoded", encodeURIComponent(PASSWORD)],
    ["as a URL writes its password", url.href],
    ["in JSON", JSON.stringify(PASSWORD)],
    ["in base64", Buffer.from(PASSWORD).toString("base64")],
  ])("removes a password %s", (_, text) => {
    const clean = redactorOf(PASSWORD).redact(`before ${text} after`);
    expect(clean).toMatch(/^before .*\*\*\*.* after$/);
    expect(clean).not.toMatch(/ss.*w.*rd|cEBzcy/);
  });

  test("removes the decoded form of what was given encoded", () => {
    expect(redactorOf("p%40ss%20word").redact("p@ss word")).toBe("***");
  });

  test("removes each line of a key that has several", () => {
    const redactor = redactorOf("-----BEGIN-----\r\nMIIEabcd\r\nEFGHijkl");
    expect(redactor.redact("first MIIEabcd\nthen EFGHijkl")).toBe("first ***\nthen ***");
  });

  test("leaves no rest where two secrets overlap, touch, or lie within each other", () => {
    const redactor = redactorOf("abcdef", "defghi", "bcde");
    expect(redactor.redact("<abcdefghi> <abcdef> <abcdefbcde>")).toBe("<***> <***> <******>");
    expect(redactorOf("aaaa").redact("aaaaaa")).toBe("***");
  });

  test("leaves alone what is too short to be hidden", () => {
    expect(redactorOf("abc", "").redact("abc abc")).toBe("abc abc");
  });

  test("takes half a surrogate pair, which has no URL-encoded form", () => {
    expect(redactorOf("\ud800pass").redact("\ud800pass")).toBe("***");
  });
});

// No asterisk: a secret may then not arise from what replaced another one.
const secretText = fc.string({ unit: "grapheme", minLength: 4 }).filter((text) => !text.includes("*"));

test("no form of a secret is left in any text made of them", () => {
  fc.assert(
    fc.property(
      fc.array(secretText, { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat()),
      (secrets, picks) => {
        const forms = secrets.flatMap(secretForms);
        const pieces = [...picks.take(8)].map((pick) => forms[pick % forms.length] ?? "");
        // Cut, so that forms stand side by side with parts of others.
        const text = pieces.map((piece, index) => (index % 3 === 2 ? piece.slice(1) : piece)).join("");
        const clean = redactorOf(...secrets).redact(text);
        for (const form of forms) expect(clean).not.toContain(form);
      },
    ),
  );
});

test("text without a secret comes out as it went in", () => {
  fc.assert(
    fc.property(secretText, fc.string(), (secret, text) => {
      fc.pre(secretForms(secret).every((form) => !text.includes(form)));
      expect(redactorOf(secret).redact(text)).toBe(text);
    }),
  );
});

test("redacting twice is redacting once", () => {
  fc.assert(
    fc.property(fc.array(secretText), fc.string(), (secrets, filler) => {
      const redactor = redactorOf(...secrets);
      const once = redactor.redact(secrets.join(filler));
      expect(redactor.redact(once)).toBe(once);
    }),
  );
});
