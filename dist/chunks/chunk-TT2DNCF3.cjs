const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  explainPostgresTools: () => explainPostgresTools,
  findPostgresTools: () => findPostgresTools,
  noteNewerTools: () => noteNewerTools
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_L6PHXGBH = require("./chunk-L6PHXGBH.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
var import_promises = require("node:fs/promises");
var import_node_path2 = require("node:path");
var PGDG_KEY = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mQINBE6XR8IBEACVdDKT2HEH1IyHzXkb4nIWAY7echjRxo7MTcj4vbXAyBKOfjja
UrBEJWHN6fjKJXOYWXHLIYg0hOGeW9qcSiaa1/rYIbOzjfGfhE4x0Y+NJHS1db0V
G6GUj3qXaeyqIJGS2z7m0Thy4Lgr/LpZlZ78Nf1fliSzBlMo1sV7PpP/7zUO+aA4
bKa8Rio3weMXQOZgclzgeSdqtwKnyKTQdXY5MkH1QXyFIk1nTfWwyqpJjHlgtwMi
c2cxjqG5nnV9rIYlTTjYG6RBglq0SmzF/raBnF4Lwjxq4qRqvRllBXdFu5+2pMfC
IZ10HPRdqDCTN60DUix+BTzBUT30NzaLhZbOMT5RvQtvTVgWpeIn20i2NrPWNCUh
hj490dKDLpK/v+A5/i8zPvN4c6MkDHi1FZfaoz3863dylUBR3Ip26oM0hHXf4/2U
A/oA4pCl2W0hc4aNtozjKHkVjRx5Q8/hVYu+39csFWxo6YSB/KgIEw+0W8DiTII3
RQj/OlD68ZDmGLyQPiJvaEtY9fDrcSpI0Esm0i4sjkNbuuh0Cvwwwqo5EF1zfkVj
Tqz2REYQGMJGc5LUbIpk5sMHo1HWV038TWxlDRwtOdzw08zQA6BeWe9FOokRPeR2
AqhyaJJwOZJodKZ76S+LDwFkTLzEKnYPCzkoRwLrEdNt1M7wQBThnC5z6wARAQAB
tBxQb3N0Z3JlU1FMIERlYmlhbiBSZXBvc2l0b3J5iQJOBBMBCAA4AhsDBQsJCAcD
BRUKCQgLBRYCAwEAAh4BAheAFiEEuXsK/KoaR/BE8kSgf8x9RqzMTPgFAlhtCD8A
CgkQf8x9RqzMTPgECxAAk8uL+dwveTv6eH21tIHcltt8U3Ofajdo+D/ayO53LiYO
xi27kdHD0zvFMUWXLGxQtWyeqqDRvDagfWglHucIcaLxoxNwL8+e+9hVFIEskQAY
kVToBCKMXTQDLarz8/J030Pmcv3ihbwB+jhnykMuyyNmht4kq0CNgnlcMCdVz0d3
z/09puryIHJrD+A8y3TD4RM74snQuwc9u5bsckvRtRJKbP3GX5JaFZAqUyZNRJRJ
Tn2OQRBhCpxhlZ2afkAPFIq2aVnEt/Ie6tmeRCzsW3lOxEH2K7MQSfSu/kRz7ELf
Cz3NJHj7rMzC+76Rhsas60t9CjmvMuGONEpctijDWONLCuch3Pdj6XpC+MVxpgBy
2VUdkunb48YhXNW0jgFGM/BFRj+dMQOUbY8PjJjsmVV0joDruWATQG/M4C7O8iU0
B7o6yVv4m8LDEN9CiR6r7H17m4xZseT3f+0QpMe7iQjz6XxTUFRQxXqzmNnloA1T
7VjwPqIIzkj/u0V8nICG/ktLzp1OsCFatWXh7LbU+hwYl6gsFH/mFDqVxJ3+DKQi
vyf1NatzEwl62foVjGUSpvh3ymtmtUQ4JUkNDsXiRBWczaiGSuzD9Qi0ONdkAX3b
ewqmN4TfE+XIpCPxxHXwGq9Rv1IFjOdCX0iG436GHyTLC1tTUIKF5xV4Y0+cXIM=
=oiB/
-----END PGP PUBLIC KEY BLOCK-----
`;
function refuse(why, cause) {
  return new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", why, { hint: "Another source may have it.", cause });
}
var PGDG_URI = "https://apt.postgresql.org/pub/repos/apt";
var DEBIAN_SUITES = { 15: "bookworm", 17: "trixie", 18: "forky" };
var NOT_NEEDED = ["postgresql-client-common", "perl"];
var ASK_EVERY_MS = 7 * 24 * 36e5;
var ASK_LIMIT_MS = 6e4;
var PGDG = {
  name: "PGDG's apt archive",
  hasEveryMajor: true,
  async locate(_major, { postgresArchive }) {
    const codename = await (0, import_chunk_7HIGGGOO.readCodename)();
    if (codename === void 0)
      throw refuse("It holds packages for Debian and Ubuntu, which this machine is not.");
    return {
      uri: postgresArchive?.uri ?? PGDG_URI,
      suite: `${codename}-pgdg`,
      components: ["main"],
      signedBy: postgresArchive?.keyring ?? PGDG_KEY,
      madeForThisMachine: true
    };
  }
};
var DEBIAN = {
  name: "Debian's archive",
  hasEveryMajor: false,
  async locate(major) {
    const suite = DEBIAN_SUITES[major];
    if (suite === void 0) throw refuse(`No release of Debian has PostgreSQL ${major}.`);
    return (0, import_chunk_7HIGGGOO.findDebianArchive)(suite);
  }
};
var ARCHIVES = [PGDG, DEBIAN];
var TOOL_CACHE = {
  name: "tool cache",
  hasEveryMajor: false,
  async find(major, context) {
    for (const archive of ARCHIVES) {
      const options = await unpackOptions(archive, major, context).catch(() => void 0);
      if (!options || !await (0, import_chunk_7HIGGGOO.findUnpackedPackages)(options)) continue;
      const root = await (0, import_chunk_7HIGGGOO.refreshUnpackedPackages)(options, {
        clock: context.clock,
        everyMs: ASK_EVERY_MS,
        limitMs: ASK_LIMIT_MS
      });
      return describeClient(root, major, context);
    }
    throw refuse(`Nothing of PostgreSQL ${major} lies in ${context.cacheDir}.`);
  }
};
var APT_ARCHIVES = ARCHIVES.map((archive) => ({
  name: archive.name,
  hasEveryMajor: archive.hasEveryMajor,
  async find(major, context) {
    const root = await (0, import_chunk_7HIGGGOO.fetchDebianPackages)(await unpackOptions(archive, major, context));
    return describeClient(root, major, context);
  }
}));
async function unpackOptions(archive, major, context) {
  const { signal, redactor, cacheDir, reporter, toolEnv } = context;
  return {
    packages: [`postgresql-client-${major}`],
    archive: await archive.locate(major, context),
    without: NOT_NEEDED,
    cacheDir,
    env: toolEnv,
    signal,
    redactor,
    report: (line) => reporter.info(line)
  };
}
async function describeClient(root, major, context) {
  const command = (program, args, env = {}) => root.command(`usr/lib/postgresql/${major}/bin/${program}`, args, { ...context.toolEnv, ...env });
  const tools = await (0, import_chunk_L6PHXGBH.describeTools)(command, major, context);
  if (!tools) throw refuse("The unpacked package holds another version.");
  return { tools, where: root.path };
}
var ENGINE_LIMIT_MS = 15e3;
var PULL_LIMIT_MS = 3e5;
var DOCKER_IMAGE = {
  name: "docker",
  hasEveryMajor: true,
  async find(major, context) {
    const image = `postgres:${major}`;
    const docker = (args, limitMs) => (0, import_chunk_5LCZEI5X.runTool)(
      { file: "docker", args, env: context.toolEnv },
      { ...context, signal: (0, import_chunk_KVCMGXJE.withDeadline)(context.signal, limitMs) }
    );
    try {
      await docker(["version", "--format", "{{.Server.Version}}"], ENGINE_LIMIT_MS);
    } catch (error) {
      if (context.signal.aborted) throw error;
      throw refuse("No container engine answers to docker.", error);
    }
    try {
      await docker(["image", "inspect", "--format", "{{.Id}}", image], ENGINE_LIMIT_MS);
    } catch {
      context.reporter.info(`Pulling the image ${image}`);
      await docker(["pull", "--quiet", image], PULL_LIMIT_MS);
    }
    const command = (program, args, env = {}) => imageCommand(image, program, args, env, context.toolEnv);
    const tools = await (0, import_chunk_L6PHXGBH.describeTools)(command, major, context);
    if (!tools) throw refuse(`The image ${image} holds another version.`);
    return { tools, where: `the image ${image}` };
  }
};
function imageCommand(image, program, args, env, toolEnv) {
  const user = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : [];
  return {
    file: "docker",
    args: [
      ...["run", "--rm", "--interactive", "--init", "--network=host", ...user],
      ...mountsOf([...args, ...Object.values(env)]).map((path) => `--volume=${path}:${path}`),
      ...Object.keys(env).map((name) => `--env=${name}`),
      ...[image, program],
      ...args
    ],
    env: { ...toolEnv, ...env }
  };
}
function mountsOf(texts) {
  const paths = texts.map((text) => text.replace(/^--[\w-]+=/, "")).filter((text) => (0, import_node_path.isAbsolute)(text));
  const folders = paths.map(
    (path) => (0, import_node_fs.existsSync)(path) && (0, import_node_fs.statSync)(path).isDirectory() ? path : (0, import_node_path.dirname)(path)
  );
  return [...new Set(folders)].filter((folder) => folder !== "/" && folder !== "/dev" && (0, import_node_fs.existsSync)(folder));
}
var INSTALLED = {
  name: "this machine",
  hasEveryMajor: false,
  async find(major, context) {
    const misfits = [];
    for (const folder of foldersOf(major, context.toolEnv["PATH"] ?? "")) {
      const found = await tryFolder(folder, major, context);
      if (typeof found === "object") return found;
      if (found !== void 0) misfits.push(`${folder} ${found}`);
    }
    const looked = misfits.length > 0 ? ` (${[...new Set(misfits)].join("; ")})` : "";
    throw refuse(`No pg_dump and pg_restore ${major} are installed${looked}.`);
  }
};
function foldersOf(major, path) {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    ...path.split(import_node_path2.delimiter).filter((folder) => folder !== "")
  ];
}
async function tryFolder(folder, major, context) {
  for (const program of import_chunk_L6PHXGBH.POSTGRES_PROGRAMS) {
    const file = (0, import_node_path2.join)(folder, program);
    try {
      await (0, import_promises.access)(file, import_promises.constants.X_OK);
      if ((await (0, import_promises.realpath)(file)).endsWith("/pg_wrapper"))
        return "has pg_wrapper, which picks a version itself";
    } catch {
      return void 0;
    }
  }
  const command = (program, args, env = {}) => ({
    file: (0, import_node_path2.join)(folder, program),
    args,
    env: { ...context.toolEnv, ...env }
  });
  try {
    const tools = await (0, import_chunk_L6PHXGBH.describeTools)(command, major, context);
    return tools ? { tools, where: folder } : "has another version";
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code !== "CANCELLED") return "has programs that do not run here";
    throw error;
  }
}
var SOURCES = [INSTALLED, TOOL_CACHE, ...APT_ARCHIVES, DOCKER_IMAGE];
var NEWEST_MAJOR = 18;
var choices = /* @__PURE__ */ new WeakMap();
async function explainPostgresTools(major, context) {
  const known = choices.get(context) ?? /* @__PURE__ */ new Map();
  choices.set(context, known);
  const choice = known.get(major) ?? choose(major, context);
  known.set(major, choice);
  choice.catch(() => known.delete(major));
  return choice;
}
async function findPostgresTools(major, context) {
  const { chosen, tried } = await explainPostgresTools(major, context);
  if (chosen) return chosen.tools;
  const lines = tried.map(({ source, outcome }) => `- ${source}: ${outcome}`);
  throw new import_chunk_E4TRGNTH.AppError(
    "TOOL_MISSING",
    `No pg_dump and pg_restore of PostgreSQL ${major} or later can be had. Tried:
${lines.join("\n")}`,
    { hint: `Install the package postgresql-client-${major} (apt.postgresql.org has every version).` }
  );
}
function noteNewerTools(tools, serverMajor) {
  if (tools.major <= serverMajor) return void 0;
  return `${tools.version} is newer than the server, since no client of PostgreSQL ${serverMajor} could be had. Its archive needs pg_restore ${tools.major} or later, which asks an older server for settings that this does not know; those errors lose nothing.`;
}
async function choose(major, context) {
  const tried = [];
  for (let candidate = major; candidate <= Math.max(major, NEWEST_MAJOR); candidate += 1) {
    for (const source of SOURCES) {
      if (candidate > major && source.hasEveryMajor) continue;
      try {
        const chosen = await source.find(candidate, context);
        tried.push({
          source: source.name,
          major: candidate,
          outcome: `${chosen.tools.version}, ${chosen.where}.`
        });
        return { chosen, tried };
      } catch (error) {
        if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
        tried.push({ source: source.name, major: candidate, outcome: error.message });
      }
    }
  }
  return { chosen: void 0, tried };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  explainPostgresTools,
  findPostgresTools,
  noteNewerTools
});
