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
  AgeEncryption: () => AgeEncryption,
  decryptAge: () => decryptAge,
  decryptHead: () => decryptHead
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_RUILJ5N3 = require("./chunk-RUILJ5N3.cjs");
var import_chunk_BKKABDDY = require("./chunk-BKKABDDY.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var CHUNK_BYTES = 64 * 1024;
var TAG_BYTES = 16;
var CIPHER = "chacha20-poly1305";
async function* sealPayload(body, key) {
  let counter = 0;
  for await (const { bytes, isLast } of cutIntoChunks(body, CHUNK_BYTES)) {
    const cipher = (0, import_node_crypto2.createCipheriv)(CIPHER, key, nonceOf(counter++, isLast), { authTagLength: TAG_BYTES });
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}
async function* openPayload(body, key) {
  let counter = 0;
  for await (const { bytes, isLast } of cutIntoChunks(body, CHUNK_BYTES + TAG_BYTES)) {
    const sealedBytes = bytes.length - TAG_BYTES;
    if (sealedBytes < 0 || sealedBytes === 0 && counter > 0) throw (0, import_chunk_RUILJ5N3.damagedEncryption)("it is cut off");
    const decipher = (0, import_node_crypto2.createDecipheriv)(CIPHER, key, nonceOf(counter, isLast), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(sealedBytes));
    const opened = decipher.update(bytes.subarray(0, sealedBytes));
    try {
      decipher.final();
    } catch (error) {
      throw (0, import_chunk_RUILJ5N3.damagedEncryption)(`it was changed or cut off after ${counter * CHUNK_BYTES} bytes`, error);
    }
    counter += 1;
    yield opened;
  }
}
function nonceOf(counter, isLast) {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
async function* cutIntoChunks(body, sizeBytes) {
  const chunk = Buffer.allocUnsafe(sizeBytes);
  let filled = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (filled === sizeBytes) {
        yield { bytes: chunk, isLast: false };
        filled = 0;
      }
      const taken = piece.subarray(at, at + sizeBytes - filled);
      chunk.set(taken, filled);
      filled += taken.length;
      at += taken.length;
    }
  }
  yield { bytes: chunk.subarray(0, filled), isLast: true };
}
var NONCE_BYTES = 16;
var TAG_BYTES2 = 16;
var HEADER_LIMIT_BYTES = 128 * 1024;
var AgeEncryption = class _AgeEncryption {
  /** As manifests name them: `age1…` each, or `passphrase`. */
  recipients;
  #wrapping;
  constructor(recipients, wrapping) {
    this.recipients = recipients;
    this.#wrapping = wrapping;
  }
  /** @throws AppError CONFIG_INVALID: one of them is no recipient */
  static forRecipients(recipients) {
    for (const recipient of recipients) {
      if ((0, import_chunk_BKKABDDY.hasRecipientForm)(recipient) && isSound(recipient)) continue;
      const shown = recipient.startsWith("age1") ? recipient : "A line";
      throw new import_chunk_E4TRGNTH.AppError(
        "CONFIG_INVALID",
        `${shown} is no age recipient: it is mistyped or of another kind.`,
        {
          hint: "Copy the public key once more: age1\u2026 with 62 characters. age-keygen -y prints it from the identity."
        }
      );
    }
    const sorted = [...new Set(recipients)].sort();
    return new _AgeEncryption(sorted, sorted);
  }
  static forPassphrase(passphrase) {
    return new _AgeEncryption([import_chunk_BKKABDDY.PASSPHRASE], [new import_chunk_RUILJ5N3.PassphraseRecipient(passphrase)]);
  }
  /** The bytes of an age file that holds `body`, in bounded memory. */
  async *encrypt(body) {
    let fileKey = new Uint8Array();
    const encrypter = new import_chunk_RUILJ5N3.Encrypter();
    for (const recipient of this.#wrapping) encrypter.addRecipient(recipient);
    encrypter.addRecipient({ wrapFileKey: (key) => (fileKey = key, []) });
    const empty = await encrypter.encrypt(new Uint8Array());
    const nonce = (0, import_node_crypto.randomBytes)(NONCE_BYTES);
    yield Buffer.concat([empty.subarray(0, empty.length - NONCE_BYTES - TAG_BYTES2), nonce]);
    yield* sealPayload(body, deriveStreamKey(fileKey, nonce));
  }
};
async function* decryptAge(body, keyring) {
  const reader = new PrefixReader(body);
  try {
    const fileKey = await keyring.openFileKey(await readHeader(reader));
    const nonce = await reader.take(NONCE_BYTES);
    yield* openPayload(reader.rest(), deriveStreamKey(fileKey, nonce));
  } finally {
    await reader.close();
  }
}
async function decryptHead(body, keyring) {
  const reader = new PrefixReader(body);
  try {
    await keyring.openFileKey(await readHeader(reader));
  } finally {
    await reader.close();
  }
}
async function readHeader(reader) {
  const at = await reader.find(Buffer.from("\n--- "), HEADER_LIMIT_BYTES);
  const end = await reader.find(Buffer.from("\n"), HEADER_LIMIT_BYTES, at + 1);
  return await reader.take(end + 1);
}
var PrefixReader = class {
  #body;
  #seen = Buffer.alloc(0);
  constructor(body) {
    this.#body = body[Symbol.asyncIterator]();
  }
  /** Where `wanted` stands in what has not been taken yet. @throws AppError BACKUP_DAMAGED */
  async find(wanted, limitBytes, from = 0) {
    for (; ; ) {
      const at = this.#seen.indexOf(wanted, from);
      if (at >= 0) return at;
      if (this.#seen.length > limitBytes) throw (0, import_chunk_RUILJ5N3.damagedEncryption)("it is no age file");
      await this.#more();
    }
  }
  /** @throws AppError BACKUP_DAMAGED when the stream ends before */
  async take(sizeBytes) {
    while (this.#seen.length < sizeBytes) await this.#more();
    const taken = this.#seen.subarray(0, sizeBytes);
    this.#seen = this.#seen.subarray(sizeBytes);
    return taken;
  }
  async *rest() {
    if (this.#seen.length > 0) yield this.#seen;
    for (; ; ) {
      const next = await this.#body.next();
      if (next.done) return;
      yield next.value;
    }
  }
  async close() {
    await this.#body.return?.();
  }
  async #more() {
    const next = await this.#body.next();
    if (next.done) throw (0, import_chunk_RUILJ5N3.damagedEncryption)("it is cut off in its header");
    this.#seen = Buffer.concat([this.#seen, next.value]);
  }
};
function isSound(recipient) {
  try {
    new import_chunk_RUILJ5N3.Encrypter().addRecipient(recipient);
    return true;
  } catch {
    return false;
  }
}
function deriveStreamKey(fileKey, nonce) {
  return Buffer.from((0, import_node_crypto.hkdfSync)("sha256", fileKey, nonce, "payload", 32));
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  AgeEncryption,
  decryptAge,
  decryptHead
});
