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
  fetchDebianPackages: () => fetchDebianPackages,
  findDebianArchive: () => findDebianArchive,
  findUnpackedPackages: () => findUnpackedPackages,
  isZstdInstalled: () => isZstdInstalled,
  openCompressor: () => openCompressor,
  openDecompressor: () => openDecompressor,
  readCodename: () => readCodename,
  refreshUnpackedPackages: () => refreshUnpackedPackages
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_node_zlib = require("node:zlib");
var import_promises = require("node:fs/promises");
var import_node_path = require("node:path");
var import_node_crypto = require("node:crypto");
var import_promises2 = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_promises3 = require("node:fs/promises");
var import_node_path3 = require("node:path");
var DEBIAN_KEYS = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mQINBGPL0BUBEADmW5NdOOHwPIJlgPu6JDcKw/NZJPR8lsD3K87ZM18gzyQZJD+w
ns6TSXOsx+BmpouHZgvh3FQADj/hhLjpNSqH5IH0xY7nic9BuSeyKx2WvfG62yxw
XcFkwTxoWpF3tg0cv+kT4VA3MfVj5GebuS4F9Jv01WuGkxUllzdzeAoC70IYNOKV
+Av7hX5cOaCAgvDCQmhVnQ6Nz4fXdPdMHVodlPsKbv8ymVsfvb8UzQ6dl9w1gIu9
4S0FCQeEePSii23jHISYwku/f6huQGxSjAy8yxab0aZshl98c3pGGfOJHntmHwOG
gqV+Gm1hbcBjc6X8ybL2KEr/Lu4xAK3xSQmP+tO6MNxfBTCeo8fXRT95pqj7t3QH
Iu+LbVYrkLQ6St9mdOgUUsAdVYXJ3eh8Y+CfjmBywNRizOGHrEp8JsAcS0+a9yBL
+BYWhS4BL/EeeacRLT9kfzIqS1OD/RL/4Qbi2GLGFsiHaKFUn4xse20ZXq5XtEL6
ltQVIr/iAlBtdSOnge/ZkNvd3SQIyC2QBNAy67QutS8yiaCE2vtr8i5GQOu2fgr1
NJ0VjuwshmgJvbZ2m/9Zq1Yp1iMnPVJtOWcNxTZAWJDN4L5OdoqbaOkqS/+cgLy2
UTsc0A7cxt/2ugOtln/utXsfgb3Qno69yCuSbQmVM1NrwvZVxPIWi7B2gQARAQAB
iQJOBB8BCgA4FiEEuLgLW2I+q2rYd1xFt8XX1jUJR/gFAmPL0BcXDIABgOl28UpQ
ikjpyj/pvDciUsoc+WQCBwAACgkQt8XX1jUJR/jTMRAAt6Mltzz7xk7RGIGaF+ug
0QSoh9n07Y0oxEAb1cPSvo3o5wnxQ6ZYIukr2KTFkXaDh35XpXoA2Z9Uf6wz4h8B
nF8DWhbo+2sSq9au0J16bsLuIHfhzJWXSwyekHOrLiiiSfhjey9eQzgOT8jJsEjy
FzfxtMOTepXX8yQdp4SK3WYdVjAcbwjFGcbh5VqQIsr1+MdlaVchqWP1vm1ADvQF
C87hQjhpMzQoU7WVkJWsqlMuXh95h59h/SndBiHKXHQfs/LAM7M2K/fgS9+EbPWW
fC97/8SqpXheDsvCvueumTyzUCNXFpNGwUUA1qO6GTaMwHjaX/AeCaRMxCQcLdQ0
7b6zc13dqiMAAL1eSQ10TFP9kD2QoyPjF6lh0S5xshHWET5duw71KjYAAOGdv8J3
9DGMvT8OdL8UklIJy7KLjxJOjY21oPCHgx1cQKLONCgOAcQ4ZmzBOP8sWZ7ld8OV
Ke4c/bOqwbRMLNXUwuVJuejwvoypCOxbdlYUnfL633wVMQBM8ilog+2TydStV4AU
CQVsICw4iaXUU+B6gh1euvgvCW13q7pMFJDPbpC+EFC1Fl4RT+CFLE8XG0kXHQ3x
HWo+/b49x3MYv5wS33+NZpfdHEuHKwybfTIVshlPU8rXmrwmVXO9iRmAczjcoeYZ
OTI5EJz20PBi65wAdpAFVBeJAk4EHwEKADgWIQS4uAtbYj6rath3XEW3xdfWNQlH
+AUCY8vQFxcMgAH7+r21QbXclVvZum7bFs9bsSUlxAIHAAAKCRC3xdfWNQlH+KbZ
D/4uoBtdR5LdZGh5sDBjhcDJ+09vhagDh4/lLsiH5/HEmY5M0fwUTvnzV00Bsu3y
u/blyKaX/oram1jBzwucqkIXFx/KF6ErMkHBQi0w7Kqb+nY1s24rD6++VL/ZIA5A
CLoMxD/xWNN0GA3IMa5HquAxejhgpKB1Dm7QcEab2Jk2hnlCFBgmjun1xEqb2IO0
fmfXjREpRBbzvmOTCkEUm8CIikJy7CHmAIVOJnxQZyK5bua05fKZOJQvb7VmmhJw
/1eE5+VU0fMHbZDkVeL0LOAecpPGH3uCEXaf4J0Pu4jXCHqz9UPMNRawNWEcBRTZ
oq5M5GpRkIpPpt8j7jGoQaKM5bUxtsS0+8L56n03J5xWBy+yEQPYnBJs5n61/dcc
aRwqO47TJsADIqg7T5Q+v97+1xXzMc8KkTbtQatWdukNuVrbLNXlLYI/sPChqMtZ
J7yW9Qhz+ljJnBKkYTjG5OLjsInB80cNFOkZMjsj9gQgAagSwqll/IIXry0zKF/Z
A3ARmy7G5vjvqP8HjSWbcqbjdz27/H8Zn/HaGRK5GwoBS/4CyDiuvrq9bS6bk7E4
Ql6Ni2UF7brjEULiYfbMdL0HHaKHuU3rWBCZtFRyVJ3yUKP/UAdxtS8VwbkYBOIp
gS4Y6RwXeQmC9G6crnXR6hsODs5E47hiugf/HkhvyQ6CJokCTgQfAQoAOBYhBLi4
C1tiPqtq2HdcRbfF19Y1CUf4BQJjy9AYFwyAAYyCPe0QqoBBY54SEFrOjW4MFKRw
AgcAAAoJELfF19Y1CUf4uo0P/i+m8SnrFF7IcsppML6dsxOvioUt5dBbXgkSbCUh
dciW583S04mqS8iicMoUSXg+WKXWJ+UaAnfh6yWLcbeYpH8SZ+TX+J3WuLj4ECPe
MYfLGY4eehKIJqnEDfVqtoc8g5w9JxFglZBTZ/PJeyj6I2ovzVG1YH2ZER0cvRvi
tywWBP3edDBa/KPHzBVLaeWuuH28aAGHF2pHtEh+nDfQ/EblDlPUkGclnu79E82g
dl3W0GvcbMXccVIvik9IHPI042me4KJwy7X3qoNGbn3+XditIA+6rb1N+wGDdQkD
s9MvGmoQoxs5iFi5kW/AIdIMHCR+A6MMO4KGQ6E6UDd/DM3iFh2V+gavktk85sIk
Thy378l3JQRidRptifTJjESnyM/NUjN8JMb6peyn0xKyYE6uNK9cZAmbEWGCdZfp
62gPUo6dR7BHe2a1qJokvfSJdjZtczBuWotFs6EQcCuRDqpySzrLYitCNxNqJ0FG
+kryruObVXgr4y+r1C7+CczmGF0m8zp1BuGaT6pbx7X6VqazYSfOkQSk4Wyk89Ry
45RZmg79Mgv1s6NNz4ngW7LYNJgMZXwYHL99UiL47dOFBCIXTqVXURwU+BkVxwqZ
Bq10BWd+qdMPGl8hsA3zi64PJMg0u4YaWs/jasZaWaJI6tv/M1WsfQ3TCZrtT6YE
nhieiQJOBB8BCgA4FiEEuLgLW2I+q2rYd1xFt8XX1jUJR/gFAmPL0BgXDIABMJkR
vqlm0GEwUwRXEbTl/xWw/YICBwAACgkQt8XX1jUJR/ilGw//W+ckV1lt00dA+S2T
L7qaQehp//03GXnC4CRVEWalaoEylcqHlvyUiQc6+r44ZkoLTRSadNWt6EIISFaZ
OiIEDrzzpNUVu/9heQeJeeOzPOFQ0LBNI86xo8e1EmvWMBLDf6NGJZtoG1qBNIyJ
k0x7x51pOGf7h8xlvEDo3F0JNC5/N1FjtdAHdyA8HLQFkePIWHUm+h76lgF3Z5cE
3Myh7XA0NfKe33pgI7CWhbNiF62XhOMAVM6Lrjk+Zp7FWDplSiNu+J3TTjR0sAkp
H5Uf4V3i7zIhlVKKhV+Ktr5ojuj805U1tocrH68bBn4weLDfPzGp4rZ5aMoKqK+n
sTYZzFr6NYBQG/cjs0Mj8g5WDvXLLoJ9aCzhQvPqAzgkle2EQuzb3QSOQdg4Koub
/aQIB0TGjgKYM7WAj/ECoK0hk3w077VL7MeG8O4qSubW1toZ0ZrabWGRtJ6WxTNc
8NqdZHZhZnfDqJQ6YVnpuuvlpAMBZfTIMCQDpgfwbDA3ZmAQuYikB6Jyr28ge5v9
tYdZIIil4P17Jdma/usnVSplGrDZzDqxAM+sOsXejjdAIMnpw9tilIa7y23Cefls
qdzJsAxZimipzSuRU29VJ35dEtMvqxL5cbBVMcl1FQXGIchrWtSDlzy20WuQpitd
PejufO0YcdZCTo83Wze2OFIKmjGJAk4EHwEKADgWIQS4uAtbYj6rath3XEW3xdfW
NQlH+AUCY8vQGBcMgAHHT2rJ6TOzBn9S8z+kWexnFbBwXwIHAAAKCRC3xdfWNQlH
+E2DEADOwCe6UQAojyXmQSLPeRH9wfykeeAqVowt15L3SegF3CGf/WyPeA7o4fwg
60DMub81UtDanTB2s5ayGH/bzLhhDF/XjaotyEox6/J1/zpginVTnYRUs8mJempE
rWuirifsKHzh3VT/pv35rwblHhMdHj2txoZtTHa5MjgeRd3oT+NlbbG6firKCzGC
Vdw6sz478axa8tgwG65GPa/4lRZCfPYd62pA2HLlfFwjgDC5x1cOU6YRHVdX1VJ0
QEr++oOFWNi9grbBZjZpNSN2FFpXsvvA3zzaCGfUVZ5Ti4GKsC/RDbmIZFLQrF8v
1bETSQDWt4F56/njcQMcIOYp0yWBvRKhJUeEHVl3u+tGaMl74f59MZNPmNnY6y2d
aDIRMYJmcjagYcTSpFar6MziRN2vepQ0kVDxXoytmt05kNOLFkPgcKrqweVP7R5m
Vy+//w99drx47TwJeii7/GiuTN3FLc2gn5wmoeur3hksm05Kg99gxr8i1jeKGCGt
WLeA2Kh6deozOsAjyT+4cX4wh7mUO8lOTvRp/WRqqNo3aTdelVxdmKOjtqrukVjL
LaY1LLvlQE9K4jshcQBidr1NmdCl9zV/IZzP329juu4MvK7uyyzHSxXSG5jt0wu4
szIOzpgAqhsTasLQMi5Z1cdfy+NfqlVk/vmmSYSaBlmq2QgnX7RJRGViaWFuIEFy
Y2hpdmUgQXV0b21hdGljIFNpZ25pbmcgS2V5ICgxMi9ib29rd29ybSkgPGZ0cG1h
c3RlckBkZWJpYW4ub3JnPokCVAQTAQoAPhYhBLi4C1tiPqtq2HdcRbfF19Y1CUf4
BQJjy9AVAhsDBQkPCZwABQsJCAcDBRUKCQgLBRYCAwEAAh4BAheAAAoJELfF19Y1
CUf461gP/1p6/NzPvYsEfUm6zJYTIDKG1/zGeIC9EsOOluJKDgZYiY6ogYUDhRN9
X83yBMzIQkVF88SOQuT2fZk9KOdOAzdAgc5CB7ivoh/P44HeacxjAb2z8/tJJKW2
O4B3HpyWR+Yn5aymdLJe+ZFsBdfyU7RPlox42o7zZmf1ZQKQSoBZb7X3Eq3lq442
ZewjsjsRiijlTODfp6EEIHYhY8vGhU/lyqpwPkGVfl/G+s43j/MAo5b5TBeG2J9W
tqBYy+aG8cRM2vJoUrMZR0GZvgfbMVun17Bxg7ez4OiYhVblx3lMQv25BnagQTpR
QgV021xuw40cR9POy6+yBwRUYNziGZi31rrvzTzmFw9cxV7lpgjAMwZJifGZClda
DBxYUQR3OeAzn09lRhpOdFXpM+MM5GXgRVPmHhtyn60xLMiy5NCRuMtzmP/OaClR
KL9BjWnOH3NzsjAvc1VtNj0DSVGTtnswDmAQgFZVYYesjpiTNFE7EDTBCT1uYVhI
Mr3fV1US3VIfKEZlJrbB9FAccWqC/oHT/DUvhjnDhC3wRdChlEbfCxqaiHU++gsN
66J9r6ZI95PC4w0X3O1hXJeWtm9d8M0SxmAfJ4eBPVOPyFgOI4OFM8fFFie5MeAk
4BsN0Qyu2hD5g2RCFYIinbfFsSdW2WQVa62uoHfWgwLPwYz+sWjAuQINBGPL0BUB
EADlIikS7hDU7PG64tF5vOTdUSBui36HPoe0t7wfobtkDCzKsm8lVyz7DAgo+Ikj
6zF7ocM7t8PrN8b0c2dNRw5GDcVMxdNEC06/Beu78mWncrH/YMrWBblSYDEQcURp
ZHtyMU9C5JwCJT1+A8rOT/ukHTmbZJvR/DhFMxl5JAUBqYm2MzRo+yCCTnDXIuPS
+BjP5Ms5wxZ1AfEHxw+6QY/5vGqRhplI78D1DoFbRSUe17n3JSB5CQnqOJfqaaXX
kE4PLmdnpViKhDQGdAm4+li/stqFvw4ZZg7hR5IL3/4SpXE7UDBiB9tmTUCo43qi
qFU549iRd4EMvMSUPvZ3P2GQ910SAwirTL7NGQccFoKGB2NxPM0YRP8scqrgF/7v
AU2iEuDt8ObZdbZeg79rCDY162/BUwHMHuLbqOcbSYEq2JOEnW1CKIdjIJ9vJsOC
Grz9BzTN2hUGvxZemP1ZBiyAqK9VE3t/vXb0wB5I8NC2x7qvYHlIrg6kefoWXfkg
RkwnYpmX0ywtLF2t3U7xfDYksQd8kP/025YCYeB0t+0ODiDHNlFnmVEU5bx2L9Hw
7SClAnOoZdCKd3mhrXl4Dlc61NtAnnBybWNsFIXJBOJcTIX1PYdcBA7BPBgerpgA
YVELerhZukshAWmmqaAXm/8choSeWEdfnBUpvtmdgG8AtwARAQABiQRyBBgBCgAm
FiEEuLgLW2I+q2rYd1xFt8XX1jUJR/gFAmPL0BUCGwIFCQ8JnAACQAkQt8XX1jUJ
R/jBdCAEGQEKAB0WIQRMtQGQIHtHWKP3Onlu0Oe4JkPhMQUCY8vQFQAKCRBu0Oe4
JkPhMeFuEADHjOqFK6SmAwAT5JzDkKU+okKP7EJXz8VYYgKdVxsyqEfjMcxh59lu
CyfNkQsly8imz3VtsidrQfv2SzjvG8DqeoG0szkk29Xwgc7SCDXe+XSpvpXhr1Ja
9zrdh0cr2Q56Km+jAzt1RK25789wIbWIOChjB8g4yLyYrI4NGcgLHUklxDKh2JlG
gPily+FG1CkD+SvlXSsKlMhyyKt/Gs3xCH8GMr926/SCrQVso8oh0PRKs3qCb/6Q
vwpXJLSmHSsma8GT4iFQWy4P/4ZFiFNzEsbLx33Jq2v8cX8d8LNGjeQrPhW3kJBI
eDaeTMEKkUEoh2Nmyk9CKVxzrTpPof2giBpjyyIbJ2s1G7MsvhvxyIIxJL1GD/u3
1usD3sFzSQ2Y64Hy9tNiYRsreWhiThSxH2Jj0hWtSyl2pmjYBygvRbSxjkv3wuE9
UJEveFi7auyILHnmtwptHIg592gOpqAjcVHMRtt+QpNDEOCeZImhp+rHyet4rdCd
d/AlkBI07fR7ygWf8O8p262cSuTOImPqVI38C7Wpyiivh+B1uIEKlZgcmljp7X2k
VQln5ACAyEp/NltiKYCkZFGJ+mMC1zuZP4Qful/g/wUkBeFirOguTEiz/KPLgX52
gUw2D4uR6tmDfo8bA9JIo/tPyqz8vhMju6UCVXUU9SDVuMtiVjcHyCeaD/0YV5nI
7O62chS9SVMSeIIhDYuCrjEbtEXGWMsDvMtPK/2TSptBQWQUSdHpWEeQmtCnRTBQ
2svR+wGBXMTI8pYDANBtpEBxRuhJ+BmPXWaAl5UxJIgfMQoQwEpW+cSFPVShgsqI
1TC4f3rcvGtaQBa4/coAsH1mQiOLupUqDNxDYaJCRymn+9tgfvXkBmWvS16uUcHD
SeaPEKXfM5+rG+l7PbxiuY8NsY1mxi+9DxahJvPecUzEtz/sfAC2mfSrZ7se+ngN
GuHnZp/IVmtabkjIznuB8T/mCCyBjSBCyU2CufnAP1/SFEzk5HlgM1W/HMzYwyv7
AN/lWUtHzxWz1uDT7PATJsv7gf7OV7so/mKYq3KfPy8j4nPnZh4BUR+vuSfoTRgg
Ip/mrdYvbIAtKyYanC+x6O+x6MLiEEKaS+j1D3BfAjTOEDXIFVvudw3gXmlzS6td
Ga0yi+jtGiuKXs/tIbC9NNSsEwa4Gh6KeQGLqmnFjILg+EL7Yas5f91ufmHTjzMM
s8bp4jKtODbPQBxRPQ4MUtLNZsHf6K05NPyB2aRUPP9FLBu6Zqv7YkT+PS1fxuCr
gwyb6WzC7OpdW9MHhVBP+5BPExPZmVRl8o1t5vzBgxhDgbE+uB2S7HbpY2BVubVU
22lSkijKki64QmcUnp84EDZQdk+myhnGBqi+y5kCDQRn6T4VARAApyJTUDuIRHKE
3uv35GrGAYLCGKGbynznphilQDvr/sECfF/AzOH3090K5jtvdSz8LJkfrBnzErX/
WW7r/63lrGPDQjkw7ffERUFhuTmcNINUznYXjJzuN8H0yUDVMjgKilQK1647zym+
O9ihDEHJL73HFKFbqZnH6JthKH4KpOmfmkX6H1b4U+gUJZhNYW+bhkYmxKptEWw7
VHkoLN/aUhhfYG3wsOmY6sRiR3EiVyiQibtlLMHXbnkiVo+lHx38sD2yLl2MdmKX
2+kQ8f5G5CQivrzRJfBZg/unZfIWOD/kXyP9Iilj2lsIOSfaIVpOZIy+uQTjkOLk
XaukzXomzrEuQypadJ6M7HmgFIQ1rHqWO5PNfzPYiwC1d3DRMUGrC5HRqa0lI2NX
ypaTZxWf430E+nqkedHabQPOfHfftIqLLdheNHxneR1rgOhiVnyITAhMHH/WokWM
5g+u1onumoMRdc/zyt1RhgXZm2c2UzBkQa7emskxDy6WxVCb5C7X/by3L5BkufDk
xXJ66hQrRM0GAn2EL5nSWkR5jkeq+5NnqQQunkPNYdu08IYXxrwrl+x5f6mCBx9+
zDF2QaJwO8yAgSPG/BGThnYm9iI6C4JvRM/Faua6U0tvHTEQ8+fzAx6kgMtzwd91
90vrEw3OCueuxUu/WjKZ4Oe0IOKZahMAEQEAAYkCTgQfAQoAOBYhBAS1TDzcp5dR
sWvGtSJWKd91sYi9BQJn6T4aFwyAAYDpdvFKUIpI6co/6bw3IlLKHPlkAgcAAAoJ
ECJWKd91sYi97WAP/2WXN5GZ3xwl6FCGDzxXCguKAPxxSp9x50Yjfii23D9Z2id1
/tExS8O9K/Mg6OPtsxpbvrwmxIUlXTthn8XZ3DKYjlnD8EoipP8dcgoqZzwDCTdT
gKNqBIw74Uxe+poDiCSrQ50rtdgiypEn9ms+d69Ok9Rh2iVdTZtK1k1oYFW5PCK+
etYAJ+p8/PanQlBezwCxati/+ecrdRNWC+8LWXG7aN0gR+XYvTlCRgk6xCD58X9A
2Up8uSyV7OpShCDJ75EK3IrQ/y8P9QU98C83mZh+Qqa/RDPVssScW2RSXgFn4ML/
CXEqqcJaYVdsJ3zhQSrfPL2yQzwGk0lKNs9pgH/z7PVf1bIFOITfXBnAQk5fkmmR
0Mn/R5ueA0pq/S/yjAJPf+7c62HXXthfS/Mm+w0NGsOggZ+CI6RuHwxCCUEIrARZ
bkwezndJQNQgLqDGI5qJ1LxEt0bnDPGHqLXvW43+ik233JpLiMq3y3VLM+7AC7r3
TbIgi6t9MzgYSqvbL5JuaDUkmkydieCCzhLYQmTE/bCdN/bRWcb2gREEvFvIFusv
HkFklZYsY+uTydnJPYwARJkcBtmFvVCkhUbUXlhdFqWNyI4+n3AySB6U4Weks+B1
Lxq+473LPKhRWcRG9ddcW8G0LBlQXnD97PE3J81TtkvhPyW60u8U8lGPcZhkiQJO
BB8BCgA4FiEEBLVMPNynl1Gxa8a1IlYp33WxiL0FAmfpPhoXDIAB+/q9tUG13JVb
2bpu2xbPW7ElJcQCBwAACgkQIlYp33WxiL2ExQ//c8vS8mCePs0OsnCn37Blxiyj
ZAKfC+ykvXmQEvgnL0QGUEB8BBRmhXrkVDUgOWeLQE4eCGPcPMksBh3gxPiWrevG
Gfple5aIoNEUTnsNlmJK+cUs4/tDCM5kufvp4GX+kvvuVcCQBJrht2gJcIi9gSbp
P8J+H6qHhlyzOoDmgpwiTvEwuZZiT4ST8I+hOIHBOzEuwX2ESneXpjpSO5thcrbk
O3qOPCM0pZDg2SX7r/K5ygP00zUGtlPTa5e9FAoUfuUGHgDrsSdZMNNEWDpgjAEd
+On+/3rH2HjMjOSLRu+MZmBi44+D0rQGx2bDsaPB/NihtKY2nVQaZmQEICPZTdkF
ju5G0c+eU1eZ2RWWj/HyYGJdwXq1brx2pqMK0qUs+ZlcgaW/SSZjidqVMEotsEFr
6eck/izIdkNlIZv9xZPquZUSMQzXz7pM4HpulisXxHzA4w4wysI3i+tSZSya55ZZ
spXK7f3BL7Ms3W5KQ401X7CrVCJPCtvmmOnKm3S53swYFTjbhhnbp0b1V0iolE54
JwUinMhrEpSbR908YnBAbE5xQKZRgOQ+xj1Txe1xBGKQYnypCc+FAx+nMtagiQbT
lHfQ7MYtoUMX8zh4+NZuJQetcop+a05yY7o0MFn4fGxs+mGrb/yuwHo3Y/w2xxA3
/vIsXGHzcQENVqcp66iJAk4EHwEKADgWIQQEtUw83KeXUbFrxrUiVinfdbGIvQUC
Z+k+GhcMgAGMgj3tEKqAQWOeEhBazo1uDBSkcAIHAAAKCRAiVinfdbGIvRJuD/wI
OshH8saF7zJffCFVAPxhvH79JZTiCbCqkjBIwaQhXzzrF1g7179MyTSPlz4MwDzA
ne0fptlcHA8B8gA7U/jIen7m2U82zz7KV+y2bAsg+kvdy2cR/ryDHI7osCim9OWU
pGjy38E2DHqjfqHNdXw141NJkObwtDOqocSSzNqSHkw+7FcbF2MhB8z8XptNXql8
ioSRTuwoLvbFGIc3FaDxKsw1dvxneood3ISfjMZzH6uipnNZE6bLQjAW5kFV2n2P
a6DPmxUJSIlIH2xnQxZPfAuPgvCANCFQ8peSiKPEUWeJnHIG7fmQVQZK9ozKCnfo
RYZWxdGjBtxCj6Gcm/ya/+kNJKqlJHurLTczms8X7aLpQd75OsfHiNY0RCx8+VTN
NZ5K9QPnJnIFdCeR9YOjP+DTi73gnz5hsgsRqEslhYImoBuDuegHZYcjpvFY6hje
FSQW2hpbU/YiEAecQ9L74Wb2G1217cWw/4+01MmKeO+POHQXU0S6slEAEvSApesa
Ad2mHptmkHJEnNcQC+6SCBwOAspABAmv8GbmJADiwyAjO+IjDSGX3R9Qi4Nf4HgY
jje/5KphccjiUzX5EtaIr0L6xfAFlGWCwkOSE5iPH3G18yV50h8p9gA49/BmkJD5
uWCZCjAMJpaJZ87fOhJ7mayFVQKcdDao7Q7wUzTHC4kCTgQfAQoAOBYhBAS1TDzc
p5dRsWvGtSJWKd91sYi9BQJn6T4aFwyAATCZEb6pZtBhMFMEVxG05f8VsP2CAgcA
AAoJECJWKd91sYi9Tm8P/iXtyC3hu7QAjYsf8nCfOmOGU6wqdVrawB3WbSqh9Fjv
fgblYyhSVNnd0fte+kqCrNV+ftGcabZ85VSGRgXCp+yFZNoOpPBlfpT6Ef1soT8S
6h+944voN2aHeDyp0l4I+SY6CA3vGm1wnpgHeY/9WqgDXcRtOoe9flAvTUsTM783
g0ELwJE6DZsudQNoKswSgxjuZ+RGn8PJ6FR8xZ2azHFyHu55Bv7BeetNae6vIzlX
hpPmfHw+r+sZfjCbqV/ArkOXxihVt55lqI2TR+cjOfFJ8MyRjgYO9AqErgD+5Dhj
rVmt/UUuVvTtczFHtbSqVT9ahq3JhDmqppHOoLhN+ItGRAY4nrdRsC1o44Jlxi4E
2P5nhZlCGwlXiotIZq+0iZbh5OdzVb390FfQ3YLN9lc+cUGO/PeBQh+w4vLBTWKH
8scNeUmY3nv1LMnN2q0DkxffVcTri6FPZVuiWaxSEso2eB289lKcYKWL0FCvWI9f
Yq3WFmNxxjty54LjhUv0NTK/eugmuOn0iwlvvuVx/bOdcc5OswMltWubu8amJwvG
7t12AXO9d1TGD3sVHqMJd4ot06eoW9oNTS8XfuyAGGk2+vBZsME0Y1MAMIfDU4kL
9Hs0xXtdtYbNyt+QB9b6dgg5CKQJgwAllrnY15fFISrDzAHcySH/yCfF9X104KSu
iQJOBB8BCgA4FiEEBLVMPNynl1Gxa8a1IlYp33WxiL0FAmfpPhoXDIABx09qyekz
swZ/UvM/pFnsZxWwcF8CBwAACgkQIlYp33WxiL388A/9HI3shVVUtY/Tp/b+iygx
FgEr5RaBnpaR2oeL1bmFYeV655cJjzWOEMPojKVTB4Q8Kl+cw/LcicqQW9yas6tO
D4aPpaH/6gYKvcJXslmoms0i4tvwMN6bSRvkM9riMxFYOC5qs/rTFGwOhZjgiXyq
HANkK3NHiU+qS2fAcvBk8zMhME4IfqEybshbqFe2WZgJlMSN3OLdnOYsWTcVeSs/
WSL75Bwjx5qAMwwyqad+WhTZVkcY1jb1nbv+wf3zBLf8COV3x+2M5KTKdoG1tvSc
ra6ypKJzuN+Khs9T/MfYjIWJ5ZqfW6VNEFnFe2QAxPlQ634NMvMUdHLqfttw3pR4
LdgGBw2VqOQ+FInAMQTBlXisyCeGn5Roz4cyHi77j8MFHgbSbISYE08Qyqpk6z5n
NBYBNUT8/2nh2iKbgM0MAI1Coio2XFuu3OeQH5ZwTslMqEMc45QJnAx7/wBy4d5X
7zRBE3qdaiLuRtoWcHVWBg3eXo700XnggTbyvO1GwMrFlOJ9tpSqG1y1OvzDoDvS
cFinJREl4G0THPR48x75WoYedC+OGE7Q4j+mpZBuSVMbtEo8eOcUWm5fqJBV2s+L
cfya4c3Eb0uNciITT0qlMIawqiLI4IgJSK2iq0B/57JDmzacJqsYK829zTE6YtTr
iOrN5bdWoLiJy+amgvCs9pe0R0RlYmlhbiBBcmNoaXZlIEF1dG9tYXRpYyBTaWdu
aW5nIEtleSAoMTMvdHJpeGllKSA8ZnRwbWFzdGVyQGRlYmlhbi5vcmc+iQJUBBMB
CgA+FiEEBLVMPNynl1Gxa8a1IlYp33WxiL0FAmfpPhUCGwMFCRLMAwAFCwkIBwMF
FQoJCAsFFgIDAQACHgECF4AACgkQIlYp33WxiL2tpg//WuEK7gaytgke6tqCCQSG
QZOHYAtxyVRkhXZXRh33g12lGne2JgGzscx4RhJoaui9UhTDPaDlYAWrBiYmNpc/
49ylAR2L8g8dQzCpbOjBvLeMqmUEXP0HTnweC0vUgSyjZiQjPMi36jNnV7zFPAUc
2GWNR191xNL2JS739zKPoGL4b7hsUfwcZptwx8zMpvx+rpgNfz2JftekIORaYEgv
EJ3DRLmP18FmxwFYadcqZO+K9zqrUxw/+LGFStSmp8ruxnuMVsXI1nNC4wVbD3ON
XWRD2YLzO5d9nGrwQDnigbqBMNi71qmR02F0f7R8CTmZ5nQl0h8lJTlTsdtrQC82
SUcsEpeJuR4yaFjWZ8joikf1YGrmWKq5xP5JR9qjd3qZ3RNVfmVanijnVC/8NmGs
isJVioCHWjWxWMsbvDPmEeCJ6ryHnNxy1bB85R9CRG1kiSLBb9cbPpVPxh7riEqM
6eXKvZ0kwtTONfngSgOcEBVYWkNhzQvc1Qxl/aY+T5i/gWbbO9X/rOqe3YcGYL42
mniuD7bk6jlcCNNj464aXY/cYkhyyaxJjn9Z80xW09MjrCyTXa40Qtlk4X6o9hz3
IdL6SVLK2koXDW9SExk3W3hpOA9CWGNg0T16KSikdq2EY4prRNiiJX5/9D/RpzDh
+5G+qdybheeY08eNluxf/4m5Ag0EZ+k+FQEQALKCdYsagiUvNx2Uaio+KUuyBJBv
883inD6jdQkx+ZY20e6WFWb9ulCv663/g86unX2TFphTS0Hm9w88DPk+kbTSTDjt
zjZc7RYCeCr5nxz9fukO7SmsaJNcedZ/Ssg0defjTdI3sQhIYKVKJOJTuXyM6EKV
TLdltU0xgUbNVrlV8FLOnyLtAFwAfdhL4V0TW9BAje9nXdPbmzeeCFPoAcKZOdJF
0eN0Sgpjz8WlNOUtz7HdDeLmqpRjDCP2s53YW3Jn6m504hb8JBfT48Z41MaRWS4O
IIDwHi/NnycnIyehDwB4Muxv09WTM8Iv03C0HRatq3mZwCrTShAYPcnw4o21Ee7H
vp8gD8zVV6aPEpsLv2ScZ8Jho63I0Ls1qyNwqc4ku7LkOU2edeRemZAI7p/aZZ62
yrupQBlpbTa7uxDhAuz7Mr5zDPkVyeLkujQVF+xZ0hUZgmO3FlljQuHupHNgRK/8
oiHGerwiKb7+u1Z8es9yr2GPKQVDe+1koV8iGEMkyDpw2H56/4msdv7ZFwSeiC1j
HIeaH0RvSJK9g3tTGLyFz/B2afr6X8n+9KuNes3Px/2ZS3jwyMumSyww9Ud8zaY9
ouioEg0/vNLe5UtnmZphRpEkNOSDvZ6z0MWD23cPFVILCw9N63wwNE8MQVXurZwN
dOoehXQnOtsVxYFDABEBAAGJBHIEGAEKACYWIQQEtUw83KeXUbFrxrUiVinfdbGI
vQUCZ+k+FQIbAgUJEswDAAJACRAiVinfdbGIvcF0IAQZAQoAHRYhBLjl8TF20qen
UiACgHjbo7xH7yJlBQJn6T4VAAoJEHjbo7xH7yJlptgP/3OEdu3Fal/EUqI9UHhn
7i3Hvcd+hg1+edjXvT4EqZ99tegWYz/cvrwKfFU058cszJpRlYijUEwFq4utp1JI
dofxISBY12c8zQqs/3oAo4f0KQXTWyCwsZ/ID6BfAR/sXxWySNN42At265NXO9Il
OXGC9DC/42JI2+HrId2pQCKo1jmpoSG9ubrBZmOIvtvaTnCUyQ8F3Ur/7b5fClem
tgXfGv4FpxwE6aNZB8gPZImOmZj6/8Pvv0uHemFZZ4n5LzL01VyL3aD4rdGu4dC0
T0N8ksbANnCNxSSfethu8UGLTq/G2MLBsh/g2ko94cl9RmAZTJi+N7es55RFXc7W
XDY2B+tVQfcD2jxm67lu5am9xJHdIZ3/cWbvysWCv+R/WX5bsd+EfSswrn5PifZQ
yBlrTZO8azblRwU5K7Zxl7oQX54uWm6gaiz/VwgLrJvqKzoDCNumAMvynJBQvnng
nPe501ciXn6myW+NhxfuKqKk90XQct0AbceaZyWXSk//wewO8RCTa0/rl5L1UbDZ
i9nKiSRjpApVKjx/5M1C768quhyIJqLfhDHHc+7x6beHNf+/TLZGbD84zRguXFU0
5X/iC9LUk2WeHkSZqAg0nSVWkQl0sMmp2D7+i+SrcW6culHCRSN1jZpgJT+VRlg5
lcJzHTNCrpT6vLEx9WklnmtacccP/AhNZpvQfmsf0aNtrB2TLzOUnarZrnAEUDKn
8EsYT1JdOXfulEcP9oCWOlwMRW0xfcubtH7XC0sbP4UiLHqTKFxzjwIaeQ3mbD+i
aJJMRqKfBCbkGft0Fneapzpri3uaG6+v3nreqJRF3TLSw+wI6vd4Zwn08d/ATSKa
uQDA2HMKqZ5D+7GufervO5SpoH8HLDjbQImTvxryGM7l7phlN2kC4iakke9bcSYj
+Cdd49xpuOH7fTOAXYZ6vulDm/ZJrvoEegqFmy7u2lexUCjURo0ysnUX39uCxc+e
6CjPBjHn1kW0RPi2CsfkULxTtqz4PM30UKrauI4t0TcUWxvs5p+PcZaL70VcEMkP
pU1LGkUdq1nhrcroqnjp+X8bUY0DrlKwrDYxNV3UHek1D7QcmFpbltTvB385OxFZ
0Bcne/DfI8qENzr+hPJgOjscNx/pdp7d3BWtJOjJGQMjb2BZO/eU3sH0sd6frHje
CrX/sxJv27aK6JpI/yu+9hzYZqJFZx+SDhh66TUn2qaA6IfKED1xetwyV4JpAXkT
Wnuhy+E6yjX+Vidx8+VjH68pkakrgaFmTWQ5zPIwL9l7OTWob039cahrSu34sEw0
uIWhtPdmPqwAOfvrsx3TI5p0SBgH/FObIBKlAr1X4tKS5vcQs88iX6lzMwUlMFcx
73wwOa9Q
=3p14
-----END PGP PUBLIC KEY BLOCK-----
`;
var DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
var DEBIAN_URI = "http://deb.debian.org/debian";
async function findDebianArchive(suite, aptDir = "/etc/apt") {
  const debian = (await readAptSources(aptDir)).find(isDebianArchive);
  const uri = debian?.uris.find(hasDebianPath);
  const common = { suite, components: ["main"], madeForThisMachine: false };
  if (debian === void 0 || uri === void 0) return { ...common, uri: DEBIAN_URI, signedBy: DEBIAN_KEYS };
  return { ...common, uri, signedBy: debian.signedBy ?? DEBIAN_KEYRING };
}
async function readCodename(file = "/etc/os-release") {
  const text = await (0, import_promises.readFile)(file, "utf8").catch(() => "");
  const fields = /* @__PURE__ */ new Map();
  for (const [, name = "", value = ""] of text.matchAll(/^(\w+)=["']?([^"'\n]*)["']?$/gm)) {
    fields.set(name, value);
  }
  return fields.get("UBUNTU_CODENAME") || fields.get("DEBIAN_CODENAME") || fields.get("VERSION_CODENAME") || void 0;
}
function parseOneLineSources(text) {
  return text.split("\n").flatMap((line) => {
    const entry = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?([^\s#]+)\s+[^\s#]+([^#]*)/.exec(line);
    if (entry === null) return [];
    const [, options = "", uri = "", components = ""] = entry;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uris: [uri], components: splitWords(components), ...signedBy && { signedBy } }];
  });
}
function parseDeb822Sources(text) {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = /* @__PURE__ */ new Map();
    for (const field of stanza.split(/\n(?=\S)/)) {
      const [, name, value] = /^\s*([\w-]+):([^]*)$/.exec(field) ?? [];
      if (name !== void 0 && value !== void 0) fields.set(name.toLowerCase(), value.trim());
    }
    const words = (name) => splitWords(fields.get(name) ?? "");
    if (!words("types").includes("deb") || /^(no|false|off|0)$/i.test(fields.get("enabled") ?? "")) return [];
    const signedBy = fields.get("signed-by")?.split("\n")[0];
    return [{ uris: words("uris"), components: words("components"), ...signedBy && { signedBy } }];
  });
}
async function readAptSources(aptDir) {
  const partsDir = (0, import_node_path.join)(aptDir, "sources.list.d");
  const parts = await (0, import_promises.readdir)(partsDir).catch(() => []);
  const files = [(0, import_node_path.join)(aptDir, "sources.list"), ...parts.sort().map((name) => (0, import_node_path.join)(partsDir, name))];
  const sources = [];
  for (const file of files) {
    if (!/\.(list|sources)$/.test(file)) continue;
    const text = await (0, import_promises.readFile)(file, "utf8").catch(() => "");
    sources.push(...file.endsWith(".list") ? parseOneLineSources(text) : parseDeb822Sources(text));
  }
  return sources;
}
function isDebianArchive(source) {
  const { uris, components, signedBy } = source;
  const hasDebianKeys = signedBy === void 0 || /\/debian-archive-[^/]*$/.test(signedBy);
  return uris.some(hasDebianPath) && components.includes("main") && hasDebianKeys;
}
function hasDebianPath(uri) {
  return /^https?:\/\/.*\/debian\/?$/.test(uri);
}
function splitWords(text) {
  return text.split(/\s+/).filter((word) => word !== "");
}
var DPKG_STATUS = "/var/lib/dpkg/status";
var FROM_THE_MACHINE = /^Acquire::(https?[: ]|Check-Valid-Until |Check-Date )/i;
var Apt = class _Apt {
  #scratch;
  #options;
  constructor(scratch, options) {
    this.#scratch = scratch;
    this.#options = options;
  }
  /**
   * Fetches the lists of the archive; apt checks its signature.
   *
   * @param scratch - holds everything of this apt
   * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
   */
  static async open(scratch, options) {
    const apt = new _Apt(scratch, options);
    await apt.#configure();
    await apt.#run("--error-on=any", "update");
    return apt;
  }
  /** Names of the archive files that hold the packages and what they depend on; they name the versions. */
  async list(packages) {
    const printed = await this.#install("--print-uris", packages);
    return [...printed.matchAll(/^'[^']+' (\S+\.deb) /gm)].map(([, name = ""]) => name).sort();
  }
  /** Fetches the same files, checked against what the archive says of them. Returns their paths. */
  async download(packages) {
    await this.#install("--yes", packages);
    const folder = this.#scratch.file("cache/archives");
    const names = (await (0, import_promises3.readdir)(folder)).filter((name) => name.endsWith(".deb"));
    return names.sort().map((name) => (0, import_node_path3.join)(folder, name));
  }
  /** --reinstall: wanted here whether or not the machine has it installed. */
  #install(how, packages) {
    return this.#run(how, "--download-only", "--reinstall", "install", "--", ...packages);
  }
  async #run(...args) {
    const env = { ...this.#options.env, APT_CONFIG: this.#scratch.file("apt.conf"), LC_ALL: "C.UTF-8" };
    return (await (0, import_chunk_5LCZEI5X.runTool)({ file: "apt-get", args: ["--quiet", ...args], env }, this.#options)).stdout;
  }
  async #configure() {
    const { env } = this.#options;
    for (const dir of ["state/lists/partial", "cache/archives/partial"]) {
      await (0, import_promises3.mkdir)(this.#scratch.file(dir), { recursive: true });
    }
    await this.#writeStatus();
    await this.#writeSource();
    const machine = await (0, import_chunk_5LCZEI5X.runTool)({ file: "apt-config", args: ["dump"], env }, this.#options);
    const settings = [
      ...machine.stdout.split("\n").filter((line) => FROM_THE_MACHINE.test(line)),
      ...["main", "parts", "sourceparts", "preferences", "preferencesparts"].map(
        (file) => `Dir::Etc::${file} "/dev/null";`
      ),
      `Dir::Etc::sourcelist "${this.#scratch.file("sources.list")}";`,
      `Dir::State "${this.#scratch.file("state")}";`,
      `Dir::State::status "${this.#scratch.file("state/status")}";`,
      `Dir::Cache "${this.#scratch.file("cache")}";`,
      `Dir::Cache::pkgcache "";`,
      // 86 MB that only a second run would read
      `Dir::Cache::srcpkgcache "";`,
      `Acquire::Languages "none";`,
      `Acquire::Retries "2";`,
      // after 1 and 2 s
      `Acquire::http::Timeout "20";`,
      `Acquire::https::Timeout "20";`,
      `Acquire::AllowInsecureRepositories "false";`,
      `APT::Get::AllowUnauthenticated "false";`,
      `APT::Install-Recommends "false";`,
      // The unprivileged user that apt changes to when root could not read this private folder.
      `APT::Sandbox::User "root";`
    ];
    await (0, import_promises3.writeFile)(this.#scratch.file("apt.conf"), `${settings.join("\n")}
`, { mode: 384 });
  }
  /** A copy, because apt locks the folder of this file and the machine's belongs to root. */
  async #writeStatus() {
    const { archive, without = [] } = this.#options;
    const entries = archive.madeForThisMachine ? (await (0, import_promises3.readFile)(DPKG_STATUS, "utf8")).split("\n\n") : [];
    const nameOf = (entry) => /^Package: (\S+)/m.exec(entry)?.[1] ?? "";
    const isInstalled = (entry) => /^Status: install ok installed$/m.test(entry);
    const present = new Set(entries.filter(isInstalled).map(nameOf));
    const absent = without.filter((name) => !present.has(name));
    const kept = entries.filter((entry) => !absent.includes(nameOf(entry)));
    const assumed = absent.map(
      (name) => `Package: ${name}
Status: install ok installed
Architecture: all
Multi-Arch: foreign
Version: 9999
Maintainer: none
Description: not needed here
`
    );
    await (0, import_promises3.writeFile)(this.#scratch.file("state/status"), [...kept, ...assumed].join("\n\n"));
  }
  async #writeSource() {
    const { uri, suite, components, signedBy } = this.#options.archive;
    const isArmoured = signedBy.startsWith("-----BEGIN PGP");
    const keyring = isArmoured ? this.#scratch.file("keys.asc") : signedBy;
    if (isArmoured) await (0, import_promises3.writeFile)(keyring, signedBy);
    const source = `deb [signed-by=${keyring}] ${uri} ${suite} ${components.join(" ")}
`;
    await (0, import_promises3.writeFile)(this.#scratch.file("sources.list"), source, { mode: 384 });
  }
};
var MACHINES = {
  x64: { debian: "amd64", triplet: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { debian: "arm64", triplet: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" }
};
var RECORD = "lifeboat-packages.json";
var ASK_AGAIN_MS = 24 * 36e5;
async function unpackDebianPackages(options) {
  return await findUnpackedPackages(options) ?? fetchDebianPackages(options);
}
async function fetchDebianPackages(options) {
  const { packages, archive, report } = options;
  report?.(`Fetching ${packages.join(", ")} (${archive.suite}) from ${archive.uri}`);
  await fetchInto(linkPath(options), options);
  return openRoot(linkPath(options), archive);
}
async function findUnpackedPackages(options) {
  const link = linkPath(options);
  return await isDirectory(link) ? openRoot(link, options.archive) : void 0;
}
async function refreshUnpackedPackages(options, { clock, everyMs, limitMs }) {
  const link = linkPath(options);
  const record = (0, import_node_path2.join)(link, RECORD);
  const nowMs = clock.now().getTime();
  const askedMs = (await (0, import_promises2.stat)(record).catch(() => void 0))?.mtimeMs ?? 0;
  if (nowMs - askedMs >= everyMs) {
    const signal = (0, import_chunk_KVCMGXJE.withDeadline)(options.signal, limitMs);
    let nextMs = nowMs;
    try {
      await fetchInto(link, { ...options, signal });
    } catch {
      (0, import_chunk_E4TRGNTH.throwIfCancelled)(options.signal);
      nextMs = nowMs - everyMs + ASK_AGAIN_MS;
    }
    await (0, import_promises2.utimes)(record, nowMs / 1e3, nextMs / 1e3).catch(() => {
    });
  }
  return openRoot(link, options.archive);
}
function linkPath({ archive, packages, without = [], cacheDir }) {
  const name = [
    archive.suite,
    requireMachine().debian,
    ...packages,
    ...without.map((one) => `no-${one}`)
  ].join("_");
  return (0, import_node_path2.join)(cacheDir, "apt", name);
}
async function fetchInto(link, options) {
  await (0, import_promises2.mkdir)((0, import_node_path2.dirname)(link), { recursive: true });
  const scratch = await import_chunk_PKNFJV47.Scratch.create((0, import_node_path2.dirname)(link));
  try {
    const apt = await Apt.open(scratch, options);
    const files = await apt.list(options.packages);
    if (files.length === 0) {
      throw new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", "apt found nothing to download.", {
        hint: "Check that the archive still holds the version that is installed on this machine."
      });
    }
    if (await readRecord(link) === renderRecord(files)) return;
    const root = await unpackAll(scratch, await apt.download(options.packages), options);
    await (0, import_promises2.writeFile)((0, import_node_path2.join)(root, RECORD), renderRecord(files));
    await moveIntoPlace(root, link, files);
  } catch (error) {
    throw explainFailure(error, options);
  } finally {
    await scratch.remove();
  }
}
function renderRecord(files) {
  return `${JSON.stringify({ archives: files }, null, 2)}
`;
}
async function readRecord(link) {
  return (0, import_promises2.readFile)((0, import_node_path2.join)(link, RECORD), "utf8").catch(() => void 0);
}
async function unpackAll(scratch, archives, options) {
  const root = scratch.file("root");
  await (0, import_promises2.mkdir)(root);
  for (const file of archives) {
    await (0, import_chunk_5LCZEI5X.runTool)({ file: "dpkg", args: ["--extract", file, root], env: options.env }, options);
  }
  return root;
}
async function moveIntoPlace(unpacked, link, files) {
  const versions = (0, import_node_crypto.createHash)("sha256").update(files.join("\n")).digest("hex").slice(0, 12);
  const path = `${link}~${versions}`;
  try {
    await (0, import_promises2.rename)(unpacked, path);
  } catch (error) {
    if (!await isDirectory(path)) throw error;
  }
  const before = await (0, import_promises2.readlink)(link).catch(() => void 0);
  const newLink = `${link}~${(0, import_node_crypto.randomBytes)(4).toString("hex")}.new`;
  await (0, import_promises2.symlink)((0, import_node_path2.basename)(path), newLink);
  await (0, import_promises2.rename)(newLink, link);
  const keep = [before, (0, import_node_path2.basename)(path)];
  for (const name of await (0, import_promises2.readdir)((0, import_node_path2.dirname)(link))) {
    if (!name.startsWith(`${(0, import_node_path2.basename)(link)}~`) || keep.includes(name) || name.endsWith(".new")) continue;
    await (0, import_promises2.rm)((0, import_node_path2.join)((0, import_node_path2.dirname)(link), name), { recursive: true, force: true });
  }
}
async function openRoot(link, archive) {
  const path = await (0, import_promises2.realpath)(link);
  const { triplet, loader } = requireMachine();
  const libraries = (0, import_node_path2.join)(path, "usr/lib", triplet);
  return {
    path,
    command(program, args, env = {}) {
      const file = (0, import_node_path2.join)(path, program);
      if (archive.madeForThisMachine) return { file, args, env: { ...env, LD_LIBRARY_PATH: libraries } };
      return { file: (0, import_node_path2.join)(libraries, loader), args: ["--library-path", libraries, file, ...args], env };
    }
  };
}
function requireMachine() {
  const machine = process.platform === "linux" ? MACHINES[process.arch] : void 0;
  if (machine !== void 0) return machine;
  throw new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", `Debian has no packages for ${process.platform} on ${process.arch}.`, {
    hint: "Install the program with the machine's own package manager."
  });
}
function explainFailure(error, { packages, archive }) {
  if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") return error;
  const what = `${packages.join(", ")} could not be fetched from ${archive.uri} (${archive.suite})`;
  return new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", `${what}: ${reasonOf(error.message)}`, {
    hint: "Check that this machine reaches the archive, or install the packages on it.",
    cause: error
  });
}
function reasonOf(message) {
  const lines = message.split("\n").map((line) => line.trim());
  const errors = lines.flatMap((line) => {
    const [, error] = /^(?:E: |W: (?=GPG error))(.*)/.exec(line) ?? [];
    return error === void 0 || error.startsWith("Some index files failed") ? [] : error.replace(/\s+/g, " ");
  });
  const reason = errors.length > 0 ? errors.join(" ") : lines.join(" ");
  return reason.endsWith(".") ? reason : `${reason}.`;
}
async function isDirectory(path) {
  const stats = await (0, import_promises2.stat)(path).catch(() => void 0);
  return stats?.isDirectory() ?? false;
}
async function openCompressor(compression, level, context) {
  if (compression === "gzip") return fromStream((0, import_node_zlib.createGzip)({ level }));
  return startZstd([`-${level}`], context);
}
async function openDecompressor(compression, context) {
  if (compression === "gzip") return fromStream((0, import_node_zlib.createGunzip)());
  return startZstd(["--decompress"], context);
}
async function startZstd(args, context) {
  const call = await findZstd(context);
  const zstd = (0, import_chunk_5LCZEI5X.startTool)(call([...args, "--quiet", "--stdout"]), context);
  return { input: zstd.stdin, output: zstd.stdout, done: zstd.done, stop: () => zstd.stop() };
}
function fromStream(stream) {
  const done = new Promise((resolve, reject) => {
    stream.once("end", resolve).once("error", reject);
    stream.once("close", () => reject(new Error("the stream was closed before its end")));
  });
  done.catch(() => {
  });
  return {
    input: stream,
    output: stream,
    done,
    stop: async () => void stream.destroy()
  };
}
async function isZstdInstalled(context) {
  try {
    await (0, import_chunk_5LCZEI5X.runTool)({ file: "zstd", args: ["--version"], env: context.toolEnv }, context);
    return true;
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    return false;
  }
}
async function findZstd(context) {
  const { toolEnv, cacheDir, reporter, signal, redactor } = context;
  if (await isZstdInstalled(context)) return (args) => ({ file: "zstd", args, env: toolEnv });
  try {
    const root = await unpackDebianPackages({
      packages: ["zstd"],
      archive: await findDebianArchive("trixie"),
      cacheDir,
      env: toolEnv,
      signal,
      redactor,
      report: (line) => reporter.info(line)
    });
    return (args) => root.command("usr/bin/zstd", args, toolEnv);
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    throw new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", `zstd is not on this machine: ${error.message}`, {
      hint: "Install zstd; a backup may also be told compression: gzip, which needs no program.",
      cause: error
    });
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  fetchDebianPackages,
  findDebianArchive,
  findUnpackedPackages,
  isZstdInstalled,
  openCompressor,
  openDecompressor,
  readCodename,
  refreshUnpackedPackages
});
