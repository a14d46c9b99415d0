const MAGIC = 0xfd2fb528;
/** Skippable frames: magic 0x184D2A50 to 0x184D2A5F, then a length. */
const SKIPPABLE_MAGIC = 0x184d2a50;

type Awaited = "magic" | "descriptor" | "header" | "block" | "content" | "checksum" | "skip-length" | "skip";

/**
 * Follows the outline of a zstd stream as it passes, without decompressing it: frame headers, block lengths,
 * checksums. A stream that was cut anywhere but between two frames is found out.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export class ZstdOutline {
  #awaited: Awaited = "magic";
  /** Bytes of the current element that are still to come. */
  #missing = 4;
  #element: number[] = [];
  #hasChecksum = false;
  #isLastBlock = false;
  #isBroken = false;

  /** Whether everything seen so far is whole frames; true of an empty stream too. */
  get isComplete(): boolean {
    return !this.#isBroken && this.#awaited === "magic" && this.#element.length === 0;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isBroken) {
      const length = Math.min(this.#missing, chunk.length - at);
      if (this.#keepsBytes()) this.#element.push(...chunk.subarray(at, at + length));
      at += length;
      this.#missing -= length;
      while (this.#missing === 0 && !this.#isBroken) this.#advance();
    }
  }

  /** Block contents pass by the megabyte and are only counted. */
  #keepsBytes(): boolean {
    return this.#awaited !== "content" && this.#awaited !== "skip";
  }

  #advance(): void {
    const value = this.#element.reduceRight((sum, byte) => sum * 256 + byte, 0);
    switch (this.#awaited) {
      case "magic":
        if (value === MAGIC) return this.#expect("descriptor", 1);
        if (value - (value % 16) === SKIPPABLE_MAGIC) return this.#expect("skip-length", 4);
        this.#isBroken = true;
        return;
      case "descriptor":
        this.#hasChecksum = (value & 4) !== 0;
        return this.#expect("header", headerLength(value));
      case "header":
        return this.#expect("block", 3);
      case "block": {
        this.#isLastBlock = (value & 1) === 1;
        // Type 1 repeats a single byte; type 3 is reserved.
        const type = (value >> 1) & 3;
        if (type === 3) this.#isBroken = true;
        return this.#expect("content", type === 1 ? 1 : value >> 3);
      }
      case "content":
        if (!this.#isLastBlock) return this.#expect("block", 3);
        return this.#hasChecksum ? this.#expect("checksum", 4) : this.#expect("magic", 4);
      case "skip-length":
        return this.#expect("skip", value);
      case "checksum":
      case "skip":
        return this.#expect("magic", 4);
    }
  }

  #expect(awaited: Awaited, length: number): void {
    this.#awaited = awaited;
    this.#missing = length;
    this.#element = [];
  }
}

/** Bytes of the frame header after its descriptor: window, dictionary id, content size. */
function headerLength(descriptor: number): number {
  const isSingleSegment = (descriptor & 32) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** sizeFlag;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return (isSingleSegment ? 0 : 1) + dictionaryId + contentSize;
}
