import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { matrixDocument } from "./document.js";

const DOCUMENT = fileURLToPath(new URL("../../docs/protocols/matrix.md", import.meta.url));

test("docs/protocols/matrix.md says what the table says", async () => {
  await expect(matrixDocument()).toMatchFileSnapshot(DOCUMENT);
});
