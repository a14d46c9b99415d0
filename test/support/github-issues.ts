import { text } from "node:stream/consumers";
import { serve } from "./http-server.ts";

export interface Issue {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  state_reason?: string;
  labels: string[];
  comments: string[];
  pull_request?: object;
}

export interface IssueTracker extends AsyncDisposable {
  url: string;
  issues: Issue[];
  /** "POST /repos/acme/shop/issues" */
  requests: string[];
  authorizations: Set<string>;
  /** When given, every request that writes gets this status. */
  refuseWith: number | undefined;
}

/**
 * Speaks the part of GitHub's API that is about issues: label and state filters, pages with a Link header, and
 * redirects from a repository's former name, 301 to requests that read and 307 to all others.
 *
 * @param repository - its present name, as `owner/name`
 * @param formerName - the name it had
 * @see https://docs.github.com/en/rest/issues/issues
 */
export async function openIssueTracker(repository: string, formerName = ""): Promise<IssueTracker> {
  const tracker = {
    issues: [] as Issue[],
    requests: [] as string[],
    authorizations: new Set<string>(),
    refuseWith: undefined as number | undefined,
  };
  const server = await serve(async (request, response) => {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "", `http://${request.headers.host}`);
    const body = await text(request);
    const answer = (status: number, content: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(content));
    };
    tracker.requests.push(`${method} ${url.pathname}`);
    tracker.authorizations.add(request.headers.authorization ?? "");
    const former = `/repos/${formerName}`;
    if (formerName !== "" && url.pathname.startsWith(former)) {
      const location = `${url.origin}/repositories/1${url.pathname.slice(former.length)}${url.search}`;
      answer(method === "GET" ? 301 : 307, { message: "Moved Permanently", url: location }, { location });
      return;
    }
    const path = url.pathname.replace(/^\/(repositories\/1|repos\/[^/]+\/[^/]+)/, "");
    if (!/^\/repositories\/1|^\/repos\//.test(url.pathname)) return answer(404, { message: "Not Found" });
    if (url.pathname.startsWith("/repos/") && !url.pathname.startsWith(`/repos/${repository}`)) {
      return answer(404, { message: "Not Found" });
    }
    if (method !== "GET" && tracker.refuseWith !== undefined) {
      return answer(tracker.refuseWith, { message: "Resource not accessible by integration" });
    }
    const [owner = "", name = ""] = repository.split("/");
    const given = (body === "" ? {} : JSON.parse(body)) as Partial<Issue> & { body?: string };
    const [, folder, number, rest] = path.split("/");
    const issue = tracker.issues.find((candidate) => candidate.number === Number(number));
    if (path === "") answer(200, { name, full_name: repository, owner: { login: owner } });
    else if (folder !== "issues") answer(404, { message: "Not Found" });
    else if (number === undefined && method === "GET") {
      const {
        state = "open",
        labels = "",
        page = "1",
        per_page: size = "30",
      } = Object.fromEntries(url.searchParams);
      const found = tracker.issues.filter(
        (one) => (state === "all" || one.state === state) && (labels === "" || one.labels.includes(labels)),
      );
      const end = Number(page) * Number(size);
      url.searchParams.set("page", `${Number(page) + 1}`);
      const link = end < found.length ? { link: `<${url.href}>; rel="next"` } : {};
      answer(200, found.slice(end - Number(size), end), link);
    } else if (number === undefined) {
      const { title = "", body: about = "", labels = [] } = given;
      const created: Issue = {
        number: tracker.issues.length + 1,
        title,
        body: about,
        state: "open",
        labels,
        comments: [],
      };
      tracker.issues.push(created);
      answer(201, { ...created, html_url: `https://github.com/${repository}/issues/${created.number}` });
    } else if (!issue) answer(404, { message: "Not Found" });
    else if (rest === "comments") {
      issue.comments.push(given.body ?? "");
      answer(201, {});
    } else {
      Object.assign(issue, given);
      answer(200, issue);
    }
  });
  return Object.assign(tracker, {
    url: server.url,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}
