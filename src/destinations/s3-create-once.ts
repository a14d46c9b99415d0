import { statusOf } from "./s3-errors.ts";

/**
 * Makes the request that creates an object on the condition that nothing lies under its key. A service that has no such
 * condition is asked without it.
 *
 * @param create - sends the request, with the condition or without
 * @param attempt.isOurs - whether what lies there is what an earlier attempt wrote, of which only the answer was lost
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function createOnce(
  create: (condition: { IfNoneMatch?: "*" }) => Promise<unknown>,
  attempt: { number: number; isAws: boolean; isOurs: () => Promise<boolean> },
): Promise<"written" | "already-there"> {
  try {
    await create({ IfNoneMatch: "*" });
    return "written";
  } catch (error) {
    const status = statusOf(error);
    if (status === 501 && !attempt.isAws) {
      await create({});
      return "written";
    }
    if (status !== 412) throw error;
    return attempt.number > 1 && (await attempt.isOurs()) ? "written" : "already-there";
  }
}
