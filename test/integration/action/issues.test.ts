import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findMarker, planIssues } from "../../../src/action/issue-plan.ts";
import { keepIssues } from "../../../src/action/issues.ts";
import type { Outcome, Problem } from "../../../src/report/outcome.ts";
import { Redactor, Secret } from "../../../src/sys/secret.ts";
import { findFreeAddress } from "../../support/http-server.ts";
import { openIssueTracker } from "../../support/github-issues.ts";
import type { IssueTracker } from "../../support/github-issues.ts";

const GOOD: Outcome = { command: "backup", state: "good", title: "Backup x is complete", problems: [] };

function problemOf(parts: Partial<Problem> = {}): Problem {
  return {
    key: "run",
    state: "bad",
    code: "STORE_UNREACHABLE",
    title: "The server does not answer.",
    detail: "It said: planted-password",
    hint: "Start it.",
    ...parts,
  };
}

function failed(...problems: Problem[]): Outcome {
  return { command: "backup", state: "bad", title: "backup: failed", problems };
}

let tracker: IssueTracker;
let log: string;
const redactor = new Redactor();
redactor.add(new Secret("planted-password"));

async function open(formerName?: string): Promise<void> {
  tracker = await openIssueTracker("acme/shop", formerName);
  vi.stubEnv("GITHUB_API_URL", tracker.url);
}

beforeEach(async () => {
  log = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    log += String(text);
    return true;
  });
  vi.stubEnv("INPUT_ISSUES", "true");
  vi.stubEnv("INPUT_GITHUB-TOKEN", "planted-token");
  vi.stubEnv("GITHUB_REPOSITORY", "acme/shop");
  vi.stubEnv("GITHUB_SERVER_URL", "https://github.com");
  vi.stubEnv("GITHUB_RUN_ID", "77");
  await open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await tracker[Symbol.asyncDispose]();
});

const keep = (outcome: Outcome, name = "shop"): Promise<void> => keepIssues(outcome, name, redactor);

describe("the issue of a problem", () => {
  test("is opened once, kept up to date, told about when the trouble changes, and closed when it is over", async () => {
    await keep(failed(problemOf()));
    expect(tracker.issues).toMatchObject([
      { title: "lifeboat backup of shop: The server does not answer.", state: "open", labels: ["lifeboat"] },
    ]);
    expect(tracker.issues[0]!.body).toContain("[The run](https://github.com/acme/shop/actions/runs/77)");

    await keep(failed(problemOf()));
    expect(tracker.issues).toMatchObject([{ state: "open", comments: [] }]);
    expect(tracker.issues[0]!.body).toContain("Seen in 2 runs since ");

    await keep(failed(problemOf({ code: "STORE_LOGIN_REFUSED", title: "The login is refused." })));
    expect(tracker.issues).toMatchObject([
      {
        title: "lifeboat backup of shop: The login is refused.",
        comments: [expect.stringContaining("It fails otherwise now: The login is refused.")],
      },
    ]);

    await keep(GOOD);
    expect(tracker.issues).toMatchObject([{ state: "closed", state_reason: "completed" }]);
    expect(tracker.issues[0]!.comments).toHaveLength(2);

    await keep(GOOD);
    expect(tracker.issues[0]!.comments).toHaveLength(2);
    await keep(failed(problemOf()));
    expect(tracker.issues.map(({ state }) => state)).toEqual(["closed", "open"]);
    expect([...tracker.authorizations]).toEqual(["token planted-token"]);
  });

  test("is one of several, and each goes by itself", async () => {
    const [one, two] = ["step migrate", "store app"].map((key) => problemOf({ key, code: "failed" }));
    await keep(failed(one!, two!));
    await keep(failed(two!));
    expect(tracker.issues.map(({ state }) => state)).toEqual(["closed", "open"]);
    // A run that got nowhere shows nothing about it.
    await keep(failed(problemOf()));
    expect(tracker.issues.map(({ state }) => state)).toEqual(["closed", "open", "open"]);
  });

  test("is that of its product and command alone", async () => {
    await keep(failed(problemOf()));
    await keep(GOOD, "other");
    await keep({ ...GOOD, command: "drill" });
    expect(tracker.issues).toMatchObject([{ state: "open" }]);
    await keep(failed(problemOf()), "other");
    expect(tracker.issues).toHaveLength(2);
  });

  test("of a configuration that could not be read is closed though its name was not known", async () => {
    await keep(failed(problemOf({ code: "CONFIG_INVALID" })), "");
    expect(tracker.issues[0]!.title).toBe("lifeboat backup: The server does not answer.");
    await keep(GOOD);
    expect(tracker.issues).toMatchObject([{ state: "closed" }]);
  });

  test("of another product's configuration stays open", async () => {
    await keep(failed(problemOf({ code: "CONFIG_INVALID" })), "other");
    await keep(GOOD);
    expect(tracker.issues).toMatchObject([{ state: "open" }]);
  });

  test("is found among hundreds, and what people wrote is left alone", async () => {
    for (let number = 1; number <= 150; number++) {
      tracker.issues.push({
        number,
        title: "A question",
        body: "<!-- lifeboat-problem {broken -->",
        state: "open",
        labels: ["lifeboat"],
        comments: [],
      });
    }
    await keep(failed(problemOf()));
    await keep(failed(problemOf()));
    await keep(GOOD);
    expect(tracker.issues).toHaveLength(151);
    expect(tracker.issues.filter(({ state }) => state === "closed").map(({ number }) => number)).toEqual([
      151,
    ]);
  });

  test("is written to a repository that was renamed", async () => {
    await tracker[Symbol.asyncDispose]();
    await open("acme/old");
    vi.stubEnv("GITHUB_REPOSITORY", "acme/old");
    await keep(failed(problemOf()));
    await keep(GOOD);
    expect(tracker.issues).toMatchObject([{ state: "closed" }]);
    expect(tracker.requests).toContain("POST /repos/acme/shop/issues");
  });

  test("holds no secret, mentions nobody, and ends its comment itself", async () => {
    const hostile = "--> <b>@octocat</b> #12 `x` planted-password\n# title";
    await keep(
      failed(problemOf({ key: hostile, code: hostile, title: hostile, detail: hostile, hint: hostile })),
    );
    const [{ title, body } = { title: "", body: "" }] = tracker.issues;
    expect(title + body).not.toContain("planted-password");
    const [shown = "", marker = ""] = body.split("<!-- ");
    expect(shown).not.toMatch(/<|@octocat|#12|^# /m);
    expect(marker.match(/-->/g)).toHaveLength(1);
    expect(findMarker(body)?.key).toBe(hostile.replace("planted-password", "***"));
    await keep(GOOD);
    expect(tracker.issues).toMatchObject([{ state: "closed" }]);
  });

  test("of very much text stays within what GitHub takes", () => {
    const long = "&".repeat(100_000);
    const problem = problemOf({ title: long, detail: long, hint: long });
    const { open } = planIssues(failed(problem), "shop", [], new Date(0), "");
    expect(open[0]!.title.length).toBeLessThanOrEqual(256);
    expect(open[0]!.body.length).toBeLessThanOrEqual(65_536);
  });
});

describe("no issue is written, and nothing fails", () => {
  test("where nobody asked for it, or the run was cancelled", async () => {
    await keep(failed(problemOf({ code: "CANCELLED" })));
    vi.stubEnv("INPUT_ISSUES", "false");
    await keep(failed(problemOf()));
    expect(tracker.requests).toEqual([]);
  });

  test.each([
    [401, "GitHub does not take the token."],
    [403, "Give the job permissions: { issues: write }."],
    [410, "the repository has issues switched off."],
    [500, "Resource not accessible by integration"],
  ])("where GitHub answers %d, which is a warning", async (status, told) => {
    tracker.refuseWith = status;
    await keep(failed(problemOf()));
    expect(log).toMatch(/^::warning::The issue of this run could not be written: /m);
    expect(log).toContain(told);
    expect(log).not.toContain("planted-token");
  });

  test("where GitHub cannot be reached", async () => {
    vi.stubEnv("GITHUB_API_URL", await findFreeAddress());
    await keep(failed(problemOf()));
    expect(log).toContain("::warning::The issue of this run could not be written: ");
  });
});
