import { expect, test } from "vitest";
import { Redactor } from "../../../src/sys/secret.ts";
import { addressOf, parseConnection } from "../../../src/stores/clickhouse/server/connection.ts";
import { connectionVariables } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";

test("commands are given a restored store's address whole and in its parts, without the URL's own escapes", () => {
  const connection = parseConnection(new Secret("http://drill:p%40ss@127.0.0.1:8123"), new Redactor());
  expect(connectionVariables("click-house", addressOf(connection, "app one"))).toEqual({
    LIFEBOAT_CLICK_HOUSE_URL: "http://drill:p%40ss@127.0.0.1:8123/app%20one",
    LIFEBOAT_CLICK_HOUSE_HOST: "127.0.0.1",
    LIFEBOAT_CLICK_HOUSE_PORT: "8123",
    LIFEBOAT_CLICK_HOUSE_USER: "drill",
    LIFEBOAT_CLICK_HOUSE_PASSWORD: "p@ss",
    LIFEBOAT_CLICK_HOUSE_DATABASE: "app one",
  });
});
