import { expect, test } from "vitest";
import { assembleInventory } from "../../../../src/stores/postgres/inventory.ts";

test("large objects, where there are any, are counted alone, and the inventory says so", () => {
  const largeObjects = { kind: "large objects", name: "pg_largeobject", definition: "3" };
  const sentence = expect.stringMatching(/^Large objects: .* contents are restored, but not compared/);
  expect(assembleInventory([], [largeObjects], []).notCovered).toContainEqual(sentence);
  expect(assembleInventory([], [], []).notCovered).not.toContainEqual(sentence);
});
