/** Bytes that cannot be what ClickHouse writes as Native. The message says why, as a clause. */
export class NativeFault extends Error {}

/** Names and type names are short; a longer one is a length that was misread. */
const LONGEST_NAME_BYTES = 16 * 1024 * 1024;

/** Reads a stream of bytes piece by piece, and passes over what nobody asks for. */
export class NativeBytes {
  readonly #chunks: AsyncIterator<Uint8Array, unknown>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async isAtEnd(): Promise<boolean> {
    return this.#at >= this.#chunk.length && !(await this.#next());
  }

  /** Passes over all that there is. */
  async skipAll(): Promise<void> {
    do this.#at = this.#chunk.length;
    while (await this.#next());
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#at >= this.#chunk.length) await this.#require();
      const step = Math.min(left, this.#chunk.length - this.#at);
      this.#at += step;
      left -= step;
    }
  }

  async byte(): Promise<number> {
    if (this.#at >= this.#chunk.length) await this.#require();
    return this.#chunk[this.#at++] ?? 0;
  }

  /** A little-endian number of eight bytes. */
  async uint64(): Promise<number> {
    const bytes = await this.#take(8);
    return requireSafe(bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * 2 ** 32);
  }

  /** A number as LEB128: seven bits a byte, the lowest first. */
  async varuint(): Promise<number> {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = await this.byte();
      value = requireSafe(value + (byte & 127) * scale);
      if (byte < 128) return value;
    }
  }

  /** A name: its length, then UTF-8. */
  async text(): Promise<string> {
    const length = await this.varuint();
    if (length > LONGEST_NAME_BYTES) throw new NativeFault(`a name in it would have ${length} bytes`);
    return (await this.#take(length)).toString("utf8");
  }

  /** Passes over strings: by far the most of what there is to read, so without waiting where nothing is missing. */
  async skipTexts(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const passed = this.#skipTextsAtHand(left);
      left -= passed;
      if (passed > 0) continue;
      await this.skip(await this.varuint());
      left -= 1;
    }
  }

  /** @returns how many of them lie whole in the present chunk and were passed over */
  #skipTextsAtHand(count: number): number {
    const chunk = this.#chunk;
    let at = this.#at;
    for (let passed = 0; passed < count; passed += 1) {
      let length = 0;
      let byte = 128;
      for (let scale = 1; byte >= 128; scale *= 128) {
        byte = chunk[at++] ?? NaN; // which is not 128 or more
        length += (byte & 127) * scale;
      }
      at += length;
      if (Number.isNaN(byte) || at > chunk.length) return passed;
      this.#at = at;
    }
    return count;
  }

  async #take(count: number): Promise<Buffer> {
    if (this.#at + count <= this.#chunk.length) {
      this.#at += count;
      return this.#chunk.subarray(this.#at - count, this.#at);
    }
    const pieces: Buffer[] = [];
    for (let left = count; left > 0;) {
      if (this.#at >= this.#chunk.length) await this.#require();
      const piece = this.#chunk.subarray(this.#at, this.#at + left);
      pieces.push(piece);
      this.#at += piece.length;
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  async #require(): Promise<void> {
    if (!(await this.#next())) throw new NativeFault("it ends in the middle of a block");
  }

  /** @returns false at the end */
  async #next(): Promise<boolean> {
    for (;;) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      const { value } = next;
      if (value.length === 0) continue;
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#at = 0;
      return true;
    }
  }
}

function requireSafe(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new NativeFault("a length in it is beyond all measure");
}
