// Bundles the shells into dist/, which is committed: GitHub runs it as it is, and `npx lifeboat` installs nothing else.
// Usage: node scripts/build.mjs [another folder]
import { chmod, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { build, transform } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const DIST = resolve(process.argv[2] ?? join(ROOT, "dist"));
const CLI = join(DIST, "cli.cjs");

await rm(DIST, { recursive: true, force: true });
const { metafile, outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: { action: "src/action/main.ts", post: "src/action/post.ts", cli: "src/cli/main.ts" },
  outdir: DIST,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  // What is imported only when it is needed lies in files of its own: Node would read all of it at each start. It works
  // for modules only, which the next step undoes.
  splitting: true,
  format: "esm",
  chunkNames: "chunks/[name]-[hash]",
  write: false,
  platform: "node",
  target: "node20",
  // What is written as a module may ask for its own address.
  define: { "import.meta.url": "bundleUrl" },
  // Optional parts of pg: a native binding, and sockets of another runtime.
  external: ["pg-native", "cloudflare:sockets"],
  legalComments: "none", // dist/licenses.txt has them whole
  charset: "utf8",
  metafile: true,
  logLevel: "warning",
});

requireNames(metafile.inputs);
await Promise.all(
  outputFiles.map(async ({ path, text }) => {
    const code = await makeCommonJs(text);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, path === CLI ? `#!/usr/bin/env node\n${code}` : code);
  }),
);
await chmod(CLI, 0o755);
await writeFile(join(DIST, "licenses.txt"), await collectLicenses(Object.keys(metafile.inputs)));

/** What import() gives of a CommonJS package in a file of its own has no names but `default`. */
function requireNames(inputs) {
  for (const [path, { imports }] of Object.entries(inputs)) {
    const nameless = imports.find(
      ({ kind, path: imported }) => kind === "dynamic-import" && inputs[imported]?.format === "cjs",
    );
    if (nameless)
      throw new Error(`${path} may not import() ${nameless.path}: import() a module that imports it.`);
  }
}

/** Not left as modules: some packages call require(), which a module does not have. */
async function makeCommonJs(module) {
  const { code } = await transform(module, {
    format: "cjs",
    platform: "node",
    target: "node20",
    // require() instead of import(), which would load Node's own loader of modules first.
    supported: { "dynamic-import": false },
    banner: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;',
  });
  return code;
}

/** The licence of every package of which something was bundled. */
async function collectLicenses(inputs) {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = await Promise.all([...new Set(folders)].map(describeLicense));
  return [...new Set(texts)].sort().join(`\n${"-".repeat(80)}\n\n`);
}

async function describeLicense(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8"));
  if (!license) throw new Error(`${name} ${version} states no licence, so it may not be bundled.`);
  const files = (await readdir(join(ROOT, folder))).sort();
  const read = async (file) =>
    (await readFile(join(ROOT, folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  const texts = await Promise.all(
    files.filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).map(read),
  );
  if (texts.length === 0) {
    // Some state it at the end of their README only.
    const readme = files.find((file) => /^readme/i.test(file));
    texts.push(/^#+ *licen[cs]e[^]*/im.exec(readme ? await read(readme) : "")?.[0] ?? "");
  }
  return [`${name} ${version} (${license})`, ...texts.filter((text) => text !== ""), ""].join("\n\n");
}
