import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  objectsOfStore,
  parseManifest,
  serialiseManifest,
  sizeOfBackup,
} from "../../../src/backup/manifest.ts";
import { buildManifest } from "../../support/builders.ts";

const FIXTURES = "test/fixtures/manifests";
const v1 = readFileSync(`${FIXTURES}/v1.json`);

function change(edit: (manifest: Record<string, unknown>) => void): Buffer {
  const content = JSON.parse(v1.toString()) as Record<string, unknown>;
  edit(content);
  return Buffer.from(JSON.stringify(content));
}

// Never edit a fixture to make this pass: last year's backups cannot be edited either.
test.each(readdirSync(FIXTURES))("%s is read, and nothing of it is lost", (file) => {
  const bytes = readFileSync(`${FIXTURES}/${file}`);
  const { sha256: _seal, ...written } = JSON.parse(bytes.toString()) as Record<string, unknown>;
  expect(parseManifest(bytes, file)).toEqual(written);
});

test("what is written is read back", () => {
  const manifest = buildManifest();
  expect(parseManifest(serialiseManifest(manifest), "")).toEqual(manifest);
});

test("the size of a backup counts every object of every store", () => {
  const manifest = parseManifest(v1, "v1.json");
  expect(manifest.stores.map((store) => objectsOfStore(store).length)).toEqual([1, 5]);
  expect(sizeOfBackup(manifest)).toBe(48_234_496 + 1_822 + 1_204 + 655 + 12_000_345 + 8_443_002);
});

describe("a manifest is refused", () => {
  test.each<[string, Buffer, string]>([
    ["that is no JSON", Buffer.from("<html>"), "cannot be read: it is not JSON."],
    ["that is empty", Buffer.alloc(0), "cannot be read: it is not JSON."],
    ["that was cut short", v1.subarray(0, -10), "cannot be read: it is not JSON."],
    ["that is something else", Buffer.from(`{"format":"x"}`), "cannot be read: it is no lifeboat-backup."],
    ["that is null", Buffer.from("null"), "cannot be read: it is no lifeboat-backup."],
    ["with an unknown field", change((manifest) => (manifest["extra"] = 1)), `Unrecognized key: "extra"`],
    ["without its stores", change((manifest) => delete manifest["stores"]), "→ at stores"],
    [
      "of a version from before the first",
      change((manifest) => (manifest["formatVersion"] = 0)),
      "expected one of 1|2",
    ],
  ])("%s", (_, bytes, message) => {
    const read = (): unknown => parseManifest(bytes, "s3://b/m.json");
    expect(read).toThrow(
      expect.objectContaining({ code: "BACKUP_DAMAGED", message: expect.stringContaining(message) }),
    );
    expect(read).toThrow("The manifest s3://b/m.json");
  });

  test("of a newer format, whatever else it holds, with what to do", () => {
    const newer = change((manifest) => Object.assign(manifest, { formatVersion: 3, stores: "elsewhere" }));
    expect(() => parseManifest(newer, "s3://b/m.json")).toThrow(
      expect.objectContaining({
        code: "FORMAT_TOO_NEW",
        message: "The manifest s3://b/m.json has format 3; this lifeboat reads up to 2.",
        hint: "Use the version of lifeboat that wrote it, or a newer one.",
      }),
    );
  });
});

test("a flipped bit of a manifest is found, wherever it is", () => {
  const bytes = serialiseManifest(buildManifest());
  expect(() => parseManifest(bytes, "here")).not.toThrow();
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // Not FORMAT_TOO_NEW either, which is no damage.
    expect(() => parseManifest(flipped, "here"), `bit ${bit}`).toThrow(
      expect.objectContaining({ code: "BACKUP_DAMAGED" }),
    );
  }
});
