import { expect, test } from "vitest";
import { renderRestoreGuide } from "../../../src/report/restore-guide.ts";
import { buildClickHouseManifest, buildManifest } from "../../support/builders.ts";

test("curl is given rows through standard input: of a file, older versions put the name into the address", () => {
  const guide = renderRestoreGuide(
    buildManifest({ stores: [buildClickHouseManifest()] }),
    "s3://backups/shop",
  );
  expect(guide.match(/--upload-file .*/g)).toEqual(["--upload-file - < part.native.zst"]);
});
