import { describeDestinationContract } from "../contract/destination-contract.ts";
import { MemoryDestination, MemoryPlace } from "../support/memory-destination.ts";

describeDestinationContract("memory, as the unit tests use it", {
  createEmpty: async () => {
    const place = new MemoryPlace();
    return async (run) => new MemoryDestination(place, run);
  },
  openMissing: async (run) => {
    const place = new MemoryPlace();
    place.isThere = false;
    return new MemoryDestination(place, run);
  },
});
