import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** What has one owner, and why. Found elsewhere it is an error whose text is the reason. */
const OWNED = {
  processes: {
    modules: "^(node:)?child_process$",
    owners: ["src/sys/exec.ts"],
    why: "Processes are started by src/sys/exec.ts alone: it keeps secrets out of argv and ends the whole process group on cancel.",
  },
  time: {
    modules: "^(node:)?timers",
    globals: ["setTimeout", "setInterval", "setImmediate"],
    properties: [
      ["Date", "now"],
      ["performance", "now"],
    ],
    syntax: "NewExpression[callee.name='Date'][arguments.length=0]",
    owners: ["src/sys/clock.ts", "src/sys/exec.ts"],
    why: "Time comes from the Clock of the run (src/sys/clock.ts), so that tests can set it and waiting ends on cancel.",
  },
  environment: {
    modules: "^(node:)?process$",
    properties: ["env", "argv", "exit", "exitCode"].map((property) => ["process", property]),
    owners: ["src/action/**", "src/cli/**"],
    why: "The environment and the exit status belong to the shells (src/action, src/cli); the core is given what it needs.",
  },
  s3: {
    modules: "^@(aws-sdk|smithy)/",
    owners: ["src/destinations/s3*.ts"],
    why: "The AWS SDK stays in src/destinations/s3*.ts: it is loaded only for s3:// and known to nobody else.",
  },
  age: {
    modules: "^age-encryption$",
    owners: ["src/encryption/*.ts"],
    why: "Encryption and its keys stay in src/encryption: everybody else encrypts and decrypts streams.",
  },
  github: {
    modules: "^@actions/",
    owners: ["src/action/**"],
    why: "Only src/action knows GitHub; everything else also runs on a laptop on the day GitHub is down.",
  },
};

const SHELLS = "(action|cli)/";
const PURE = {
  // Secret is a value, not an effect.
  modules: `^(\\.\\./)+(${SHELLS}|wire|commands/|drill/|stores/|destinations/|sys/(?!secret\\.ts))|^(node:)?(fs|net|tls|http|https|dns|os)(/|$)`,
  allowTypeImports: true,
  why: "This folder is pure: it computes from what it is given, so that it can be tested without a network or a disk.",
};

/** What each folder leaves alone, and why. AGENTS.md draws the same picture. */
const LAYERS = {
  sys: {
    modules: "^\\.\\./(?!errors)",
    why: "src/sys is the floor: everything stands on it, it stands on errors.ts alone.",
  },
  encryption: {
    modules: "^\\.\\./(?!errors|sys/secret\\.ts)",
    why: "src/encryption turns streams into streams: it knows no stores, no destinations and no files.",
  },
  config: PURE,
  backup: PURE,
  presets: PURE,
  policy: { ...PURE, modules: PURE.modules.replace("destinations/", "destinations/(?!keys\\.ts)") },
  report: { ...PURE, modules: PURE.modules.replace("commands/|drill/|", "") },
  stores: {
    modules: `^(\\.\\./)+(${SHELLS}|wire|config/|commands/|drill/|destinations/)`,
    why: "A store streams into the sink it is given; it knows neither destinations nor commands.",
  },
  destinations: {
    modules: `^(\\.\\./)+(${SHELLS}|wire|config/|commands/|drill/|stores/)`,
    why: "A destination holds bytes under keys; it knows neither stores nor commands.",
  },
  drill: {
    modules: `^(\\.\\./)+(${SHELLS}|wire|config/|commands/|destinations/|stores/(?!store\\.ts))`,
    why: "A drill judges restored stores by their contract; where backups lie is none of its business.",
  },
  notify: {
    modules: `^(\\.\\./)+(${SHELLS}|wire|commands/|drill/|stores/|destinations/)`,
    allowTypeImports: true,
    why: "A notice is made of what a report says; where backups lie and what was done is none of its business.",
  },
  commands: {
    modules: `^(\\.\\./)+(${SHELLS}|wire|config/|stores/(?!store\\.ts)|destinations/(?!(destination|keys)\\.ts))`,
    why: "Commands work with the contracts of stores and destinations; src/wire chooses what stands behind them.",
  },
  wire: {
    modules: `^(\\.\\./)+(${SHELLS})`,
    why: "The wiring serves both shells and knows neither.",
  },
  action: {
    modules: "^(\\.\\./)+cli/",
    why: "The two shells do not know each other: what both need belongs in the core.",
  },
  cli: {
    modules: "^(\\.\\./)+action/",
    why: "The two shells do not know each other: what both need belongs in the core.",
  },
};

/** The restrictions of some files: their layer's, and everything that they do not own. */
function restrict(files, layer, isOwner) {
  const owned = Object.values(OWNED).filter((ban) => !isOwner(ban));
  const bans = [...owned, ...(layer ? [layer] : [])];
  // A severity alone would leave the options of an earlier block in force, so an empty list is "off".
  const rule = (entries) => (entries.length > 0 ? ["error", ...entries] : "off");
  return {
    files,
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: bans.map(({ modules, allowTypeImports = false, why }) => ({
            regex: modules,
            allowTypeImports,
            message: why,
          })),
        },
      ],
      "no-restricted-globals": rule(
        owned.flatMap(({ globals = [], why }) => globals.map((name) => ({ name, message: why }))),
      ),
      "no-restricted-properties": rule(
        owned.flatMap(({ properties = [], why }) =>
          properties.map(([object, property]) => ({ object, property, message: why })),
        ),
      ),
      "no-restricted-syntax": rule([
        ...bans.map(({ modules, why }) => ({
          // The rule for imports does not see import("…").
          selector: `ImportExpression[source.value=/${modules.replaceAll("/", "\\/")}/]`,
          message: why,
        })),
        ...owned.flatMap(({ syntax, why }) => (syntax ? [{ selector: syntax, message: why }] : [])),
      ]),
    },
  };
}

const owners = [...new Set(Object.values(OWNED).flatMap((ban) => ban.owners))];
const folderOf = (glob) => glob.split("/")[1];

export default defineConfig(
  { ignores: ["dist/", "coverage/", ".cache/", "test/fixtures/"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      // What was caught is thrown again as it came.
      "@typescript-eslint/only-throw-error": [
        "error",
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      // Contracts are asynchronous also where one implementation need not be.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  restrict(["src/*.ts"], undefined, () => false),
  ...Object.entries(LAYERS).map(([folder, layer]) => restrict([`src/${folder}/**/*.ts`], layer, () => false)),
  ...owners.map((glob) => restrict([glob], LAYERS[folderOf(glob)], (ban) => ban.owners.includes(glob))),
  {
    files: ["test/**"],
    rules: {
      // Matchers and parsed output are of type any, and tests look into both all the time.
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
    },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
