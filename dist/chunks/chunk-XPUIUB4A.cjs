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
  ConninfoProblem: () => ConninfoProblem,
  formatUri: () => formatUri,
  isKeywordString: () => isKeywordString,
  parseConninfo: () => parseConninfo,
  require_mod: () => require_mod
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var require_mod = (0, import_chunk_D6QFH5CA.__commonJS)({
  "node_modules/fastest-levenshtein/mod.js"(exports2) {
    "use strict";
    exports2.__esModule = true;
    exports2.distance = exports2.closest = void 0;
    var peq = new Uint32Array(65536);
    var myers_32 = function(a, b) {
      var n = a.length;
      var m = b.length;
      var lst = 1 << n - 1;
      var pv = -1;
      var mv = 0;
      var sc = n;
      var i = n;
      while (i--) {
        peq[a.charCodeAt(i)] |= 1 << i;
      }
      for (i = 0; i < m; i++) {
        var eq = peq[b.charCodeAt(i)];
        var xv = eq | mv;
        eq |= (eq & pv) + pv ^ pv;
        mv |= ~(eq | pv);
        pv &= eq;
        if (mv & lst) {
          sc++;
        }
        if (pv & lst) {
          sc--;
        }
        mv = mv << 1 | 1;
        pv = pv << 1 | ~(xv | mv);
        mv &= xv;
      }
      i = n;
      while (i--) {
        peq[a.charCodeAt(i)] = 0;
      }
      return sc;
    };
    var myers_x = function(b, a) {
      var n = a.length;
      var m = b.length;
      var mhc = [];
      var phc = [];
      var hsize = Math.ceil(n / 32);
      var vsize = Math.ceil(m / 32);
      for (var i = 0; i < hsize; i++) {
        phc[i] = -1;
        mhc[i] = 0;
      }
      var j = 0;
      for (; j < vsize - 1; j++) {
        var mv_1 = 0;
        var pv_1 = -1;
        var start_1 = j * 32;
        var vlen_1 = Math.min(32, m) + start_1;
        for (var k = start_1; k < vlen_1; k++) {
          peq[b.charCodeAt(k)] |= 1 << k;
        }
        for (var i = 0; i < n; i++) {
          var eq = peq[a.charCodeAt(i)];
          var pb = phc[i / 32 | 0] >>> i & 1;
          var mb = mhc[i / 32 | 0] >>> i & 1;
          var xv = eq | mv_1;
          var xh = ((eq | mb) & pv_1) + pv_1 ^ pv_1 | eq | mb;
          var ph = mv_1 | ~(xh | pv_1);
          var mh = pv_1 & xh;
          if (ph >>> 31 ^ pb) {
            phc[i / 32 | 0] ^= 1 << i;
          }
          if (mh >>> 31 ^ mb) {
            mhc[i / 32 | 0] ^= 1 << i;
          }
          ph = ph << 1 | pb;
          mh = mh << 1 | mb;
          pv_1 = mh | ~(xv | ph);
          mv_1 = ph & xv;
        }
        for (var k = start_1; k < vlen_1; k++) {
          peq[b.charCodeAt(k)] = 0;
        }
      }
      var mv = 0;
      var pv = -1;
      var start = j * 32;
      var vlen = Math.min(32, m - start) + start;
      for (var k = start; k < vlen; k++) {
        peq[b.charCodeAt(k)] |= 1 << k;
      }
      var score = m;
      for (var i = 0; i < n; i++) {
        var eq = peq[a.charCodeAt(i)];
        var pb = phc[i / 32 | 0] >>> i & 1;
        var mb = mhc[i / 32 | 0] >>> i & 1;
        var xv = eq | mv;
        var xh = ((eq | mb) & pv) + pv ^ pv | eq | mb;
        var ph = mv | ~(xh | pv);
        var mh = pv & xh;
        score += ph >>> m - 1 & 1;
        score -= mh >>> m - 1 & 1;
        if (ph >>> 31 ^ pb) {
          phc[i / 32 | 0] ^= 1 << i;
        }
        if (mh >>> 31 ^ mb) {
          mhc[i / 32 | 0] ^= 1 << i;
        }
        ph = ph << 1 | pb;
        mh = mh << 1 | mb;
        pv = mh | ~(xv | ph);
        mv = ph & xv;
      }
      for (var k = start; k < vlen; k++) {
        peq[b.charCodeAt(k)] = 0;
      }
      return score;
    };
    var distance2 = function(a, b) {
      if (a.length < b.length) {
        var tmp = b;
        b = a;
        a = tmp;
      }
      if (b.length === 0) {
        return a.length;
      }
      if (a.length <= 32) {
        return myers_32(a, b);
      }
      return myers_x(a, b);
    };
    exports2.distance = distance2;
    var closest = function(str, arr) {
      var min_distance = Infinity;
      var min_index = 0;
      for (var i = 0; i < arr.length; i++) {
        var dist = distance2(str, arr[i]);
        if (dist < min_distance) {
          min_distance = dist;
          min_index = i;
        }
      }
      return arr[min_index];
    };
    exports2.closest = closest;
  }
});
var import_fastest_levenshtein = (0, import_chunk_D6QFH5CA.__toESM)(require_mod(), 1);
var ConninfoProblem = class {
  text;
  constructor(text) {
    this.text = text;
  }
};
var SPELLING = "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with @ : / ? # % in the password percent-encoded.";
var UNDERSTOOD = [
  ...["host", "port", "dbname", "user", "password", "options", "channel_binding"],
  ...["sslmode", "sslrootcert", "sslcert", "sslkey"]
];
var OWN_CHOICE = [
  ...["application_name", "fallback_application_name", "client_encoding", "connect_timeout"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...[
    "target_session_attrs",
    "load_balance_hosts",
    "gssencmode",
    "sslnegotiation",
    "sslcompression",
    "sslsni"
  ]
];
var REFUSED = {
  service: "Give host, user and database themselves.",
  hostaddr: "Give the address as the host.",
  passfile: "Give the password from the environment, or in a password-file.",
  sslcrl: "Lists of revoked certificates are not read here.",
  sslcrldir: "Lists of revoked certificates are not read here.",
  sslpassword: "Give a key without a passphrase, in a file of your own.",
  require_auth: "Leave it out: the server chooses how a password is proved.",
  requirepeer: "Leave it out: it is not checked here.",
  ssl_min_protocol_version: "Leave it out: TLS 1.2 is the oldest that is spoken.",
  ssl_max_protocol_version: "Leave it out: TLS 1.2 is the oldest that is spoken."
};
function isKeywordString(text) {
  return /^\s*[a-z_]+\s*=/i.test(text);
}
function parseConninfo(text) {
  const parsed = isKeywordString(text) ? parseKeywords(text) : parseUri(text);
  return parsed instanceof ConninfoProblem ? parsed : check(parsed);
}
function formatUri(parameters) {
  const rest = new Map(parameters);
  const take = (name) => {
    const value = rest.get(name) ?? "";
    rest.delete(name);
    return value;
  };
  const [user, password, host, port, dbname] = ["user", "password", "host", "port", "dbname"].map(
    (name) => take(name)
  );
  const authority = host.includes(":") ? `[${host}]` : encodeURIComponent(host);
  const login = encodeURIComponent(user) + (password === "" ? "" : `:${encodeURIComponent(password)}`);
  const query = [...rest].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return `postgresql://${login}@${authority}${port === "" ? "" : `:${port}`}/${encodeURIComponent(dbname)}` + (query === "" ? "" : `?${query}`);
}
function check(parameters) {
  for (const [name, value] of parameters) {
    const why = REFUSED[name];
    if (why !== void 0) return new ConninfoProblem(`gives ${name}, which is not supported. ${why}`);
    if (UNDERSTOOD.includes(name)) continue;
    const meant = [...UNDERSTOOD, ...OWN_CHOICE].find((known) => (0, import_fastest_levenshtein.distance)(known, name) <= 2);
    if (meant !== void 0 && meant !== name) {
      return new ConninfoProblem(`gives an unknown ${name}. Did you mean ${meant}?`);
    }
    parameters.delete(name);
    if (name === "ssl" && value === "true") parameters.set("sslmode", "require");
  }
  const host = parameters.get("host") ?? "";
  const port = parameters.get("port") ?? "";
  if (host.includes(",") || port.includes(",")) {
    return new ConninfoProblem("names several hosts. Name one: a backup must know which server it is of.");
  }
  if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65536)) {
    return new ConninfoProblem(`cannot be read: its port is no number from 1 to 65535. ${SPELLING}`);
  }
  if (host === "") return new ConninfoProblem(`names no host. ${SPELLING}`);
  return parameters;
}
function parseUri(text) {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text.trim()) ?? [];
  if (scheme === void 0) return new ConninfoProblem(`cannot be read. ${SPELLING}`);
  if (!/^postgres(ql)?$/i.test(scheme)) {
    return new ConninfoProblem(`begins with ${scheme}://, not postgresql://. ${SPELLING}`);
  }
  const [, authority = "", path = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  if (`${path}${query}`.includes("@"))
    return new ConninfoProblem(`cannot be read: it holds an @ behind its host. ${SPELLING}`);
  const [, user, password, hosts = ""] = /^(?:([^:@]*)(?::(.*))?@)?(.*)$/s.exec(authority) ?? [];
  const [, host = hosts, port] = /^(\[[^\]]*\]|[^:,]*):([^:,]*)$/.exec(hosts) ?? [];
  const pairs = query === "" ? [] : query.split("&").map((pair) => splitOnce(pair, "="));
  try {
    const given = [
      ["host", decodeURIComponent(host).replace(/^\[(.*)\]$/, "$1")],
      ["port", port],
      ["user", user && decodeURIComponent(user)],
      ["password", password && decodeURIComponent(password)],
      ["dbname", decodeURIComponent(path)],
      ...pairs.map(([name, value]) => [
        decodeURIComponent(name),
        decodeURIComponent(value)
      ])
    ];
    return new Map(given.flatMap(([name, value]) => value ? [[name, value]] : []));
  } catch {
    return new ConninfoProblem(
      "holds a % that begins no percent-encoded character. Write a literal % as %25."
    );
  }
}
function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
function parseKeywords(text) {
  const parameters = /* @__PURE__ */ new Map();
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/iy;
  while (text.slice(pair.lastIndex).trim() !== "") {
    const [, name, quoted, plain = ""] = pair.exec(text) ?? [];
    if (name === void 0) {
      return new ConninfoProblem(
        "cannot be read. Write host=HOST dbname=DATABASE user=USER, with values that hold spaces in '\u2026'."
      );
    }
    const value = (quoted ?? plain).replace(/\\(.)/gs, "$1");
    if (value !== "") parameters.set(name, value);
  }
  return parameters;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ConninfoProblem,
  formatUri,
  isKeywordString,
  parseConninfo,
  require_mod
});
