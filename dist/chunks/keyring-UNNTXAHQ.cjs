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
  Keyring: () => Keyring,
  missingIdentity: () => missingIdentity
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_RUILJ5N3 = require("./chunk-RUILJ5N3.cjs");
var import_chunk_BKKABDDY = require("./chunk-BKKABDDY.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var Keyring = class _Keyring {
  /** Whose identities are held: `age1…` each; with `passphrase` where one was given. */
  recipients;
  #identities;
  constructor(recipients, identities) {
    this.recipients = recipients;
    this.#identities = identities;
  }
  /**
   * @param identities - texts as age-keygen writes them: an `AGE-SECRET-KEY-1…` a line, and comments
   * @throws AppError CONFIG_INVALID, without a word of what was given
   */
  static async create(identities, passphrases) {
    const lines = identities.flatMap((text) => listIdentities(text));
    const recipients = await Promise.all(lines.map(recipientOf));
    return new _Keyring(
      [.../* @__PURE__ */ new Set([...recipients, ...passphrases.map(() => import_chunk_BKKABDDY.PASSPHRASE)])],
      [...lines, ...passphrases.map((passphrase) => new import_chunk_RUILJ5N3.PassphraseIdentity(passphrase))]
    );
  }
  /** Whether one of an object's recipients is held. A passphrase may still be another one. */
  holdsOneOf(recipients) {
    return recipients.some((recipient) => this.recipients.includes(recipient));
  }
  /**
   * The key of one age file, from its header.
   *
   * @throws AppError IDENTITY_MISSING, BACKUP_DAMAGED
   */
  async openFileKey(header) {
    const decrypter = new import_chunk_RUILJ5N3.Decrypter();
    for (const identity of this.#identities) decrypter.addIdentity(identity);
    try {
      return await decrypter.decryptHeader(header);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("no identity matched")) {
        throw missingIdentity("None of the given identities and passphrases opens it.", []);
      }
      throw (0, import_chunk_RUILJ5N3.damagedEncryption)("its header was changed", error);
    }
  }
};
function missingIdentity(what, needed) {
  const ways = needed.map(import_chunk_BKKABDDY.describeKeyOf);
  return new import_chunk_E4TRGNTH.AppError(
    "IDENTITY_MISSING",
    ways.length === 0 ? what : `${what} It takes ${ways.join(", or ")}.`,
    {
      hint: "Give the file with the identity (identity-file, LIFEBOAT_AGE_IDENTITY_FILE), its text in LIFEBOAT_AGE_IDENTITY, or the passphrase in LIFEBOAT_AGE_PASSPHRASE."
    }
  );
}
function listIdentities(text) {
  const lines = text.reveal().split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) throw refuseIdentity("It holds none.");
  if (lines[0]?.startsWith("age-encryption.org/") || lines[0]?.startsWith("-----BEGIN AGE")) {
    throw refuseIdentity("It is encrypted with a passphrase itself; decrypt it with age first.");
  }
  return lines;
}
async function recipientOf(identity) {
  try {
    if (identity.startsWith("AGE-SECRET-KEY-1")) return await (0, import_chunk_RUILJ5N3.identityToRecipient)(identity);
  } catch {
    throw refuseIdentity("It is mistyped or cut off.");
  }
  throw refuseIdentity("A line in it does not begin with AGE-SECRET-KEY-1, as an X25519 identity does.");
}
function refuseIdentity(what) {
  return new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The age identity cannot be used. ${what}`, {
    hint: "Give the whole file that age-keygen wrote, or its line that begins with AGE-SECRET-KEY-1."
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  Keyring,
  missingIdentity
});
