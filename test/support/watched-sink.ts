import { MemorySink } from "./memory-sink.ts";

/** Notes which partitions are sent, and calls back before each object of one is streamed. */
export class WatchedSink extends MemorySink {
  readonly sent: string[] = [];
  readonly #interrupt: (partition: string, time: number) => Promise<unknown>;

  constructor(interrupt: (partition: string, time: number) => Promise<unknown> = async () => {}) {
    super();
    this.#interrupt = interrupt;
  }

  override async putPart(...args: Parameters<MemorySink["putPart"]>): ReturnType<MemorySink["putPart"]> {
    const { partition } = args[0];
    this.sent.push(partition);
    await this.#interrupt(partition, this.sent.filter((each) => each === partition).length);
    return await super.putPart(...args);
  }
}
