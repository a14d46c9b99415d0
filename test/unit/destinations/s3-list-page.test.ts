import fc from "fast-check";
import { expect, test } from "vitest";
import { readEntries } from "../../../src/destinations/s3-list-page.ts";

const MODIFIED = "2026-11-20T02:17:04.000Z";

function writeEntry(key: string, size: number | string = 7): string {
  return `<Contents><Key>${key}</Key><LastModified>${MODIFIED}</LastModified><ETag>&quot;a&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}

function writePage(entries: string, about = "<IsTruncated>true</IsTruncated>"): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${entries}${about}</ListBucketResult>`;
}

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const escapeByNumber = (text: string): string =>
  [...text]
    .map((character, index) =>
      index % 2 === 0 ? `&#${character.codePointAt(0)};` : `&#x${character.codePointAt(0)!.toString(16)};`,
    )
    .join("");

test("every key comes out as it was written, and the rest of the page stays", () => {
  const keys = fc.array(fc.string({ unit: "grapheme", minLength: 1 }));
  fc.assert(
    fc.property(keys, fc.constantFrom(escapeText, escapeByNumber), (written, escape) => {
      const page = readEntries(writePage(written.map((key) => writeEntry(escape(key))).join("\n  ")));
      expect(page?.entries.map(({ Key }) => Key)).toEqual(written);
      expect(page?.rest.replaceAll(/\n {2}/g, "")).toBe(writePage(""));
    }),
  );
});

test("size and time come with the key, in whatever order, with what a service adds besides", () => {
  const entry =
    "<Contents>\n<Size>5000000000</Size><Owner><ID>x</ID></Owner>" +
    `<LastModified>${MODIFIED}</LastModified><Key>a/b</Key></Contents>`;
  expect(readEntries(writePage(entry))?.entries).toEqual([
    { Key: "a/b", Size: 5_000_000_000, LastModified: new Date(MODIFIED) },
  ]);
});

test.each([
  ["text that is not escaped", writePage(writeEntry("<![CDATA[a]]>"))],
  ["an entity of its own", writePage(writeEntry("&own;"))],
  ["an entity with the name of a method", writePage(writeEntry("&constructor;"))],
  ["a character that is none", writePage(writeEntry("&#x110000;"))],
  ["a stray ampersand", writePage(writeEntry("a & b"))],
  ["an element within the key", writePage(writeEntry("a<b>c</b>"))],
  ["a second key", writePage(writeEntry("a</Key><Key>b"))],
  ["no size", writePage(writeEntry("a", ""))],
  ["a size that is none", writePage(writeEntry("a", "1e3"))],
  ["an element with attributes", writePage(writeEntry("a").replace("<Contents>", '<Contents x="1">'))],
  ["a prefix of names", writePage(writeEntry("a").replaceAll("Contents>", "s3:Contents>"))],
  ["a page that is cut", writePage(writeEntry("a")).slice(0, 200)],
])("%s is left to a parser of all of XML", (_what, xml) => {
  expect(readEntries(xml)).toBeUndefined();
});
